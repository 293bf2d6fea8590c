// The package as npm packs it, in a folder of the caller's.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/**
 * Packs what is built.
 *
 * @returns The tarball's path, the paths of the files in it, and its size in bytes.
 */
export function pack(folder) {
  const printed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [{ filename, files, size }] = JSON.parse(printed);
  return { tarball: join(folder, filename), files: files.map(({ path }) => path), size };
}
