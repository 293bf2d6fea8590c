// Finds the program that runs a TypeScript file: Node itself if it can, or an installed tool.
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { usage } from '../terminal/exit.js';
import { isExecutable } from './files.js';
import { quoteWords } from './shell-words.js';

/**
 * The command line that runs a TypeScript file: `node` from 22.18 on, `node --experimental-strip-types` from 22.6 on,
 * otherwise `tsx`, from the `node_modules` around the file or from the PATH.
 *
 * @param file An absolute path.
 * @throws {CliError} exit code 2 if there is nothing that runs it.
 */
export function typeScriptRunner(file: string): readonly string[] {
  if (!file.endsWith('.tsx')) {
    if ((process.features as { typescript?: unknown }).typescript) return ['node'];
    if (process.allowedNodeEnvironmentFlags.has('--experimental-strip-types'))
      return ['node', '--experimental-strip-types'];
  }
  const tsx = find('tsx', dirname(file));
  if (tsx !== undefined) return [tsx];
  throw usage(
    `Node ${process.version} cannot run ${file}, and tsx is not installed. Install it with npm install tsx, or compile the file to JavaScript; then type the command again: bunctl start ${quoteWords([file])}`,
  );
}

/** A program in the `node_modules/.bin` of a folder or of one above it, or in the PATH. */
function find(program: string, folder: string): string | undefined {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules', '.bin'));
    if (at === dirname(at)) break;
  }
  folders.push(...(process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute));
  return folders.map((place) => join(place, program)).find(isExecutable);
}
