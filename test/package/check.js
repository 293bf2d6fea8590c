// The package as its users get it: packed, installed into an empty folder, imported, typed, and run. npm run check:package
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const home = mkdtempSync(join(tmpdir(), 'bunctl-package-'));
const env = { ...process.env, BUNCTL_SOCKET: join(home, 's'), BUNCTL_STATE_DIR: join(home, 'state') };
const run = (command, args, cwd = home) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const fail = (what) => {
  throw new Error(what);
};

try {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], root),
  );
  const odd = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist\/(.*\.(js|js\.map|d\.ts)|cli\/bunctl\.cjs)|docs\/[^/]+\.md|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/.test(
          path,
        ),
    );
  if (odd.length > 0) fail(`The package holds what nobody needs: ${odd.join(', ')}`);

  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const code = readdirSync(join(root, 'dist'), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(root, 'dist', name), 'utf8'))
    .join('\n');
  const unused = Object.keys(manifest.dependencies).filter((name) => !code.includes(`'${name}`));
  if (unused.length > 0) fail(`Dependencies that nothing imports: ${unused.join(', ')}`);

  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--no-audit', '--no-fund', join(home, packed.filename)]);

  writeFileSync(
    join(home, 'use.ts'),
    `import { IpcServer, startDaemon, type Daemon } from 'bunctl-ipc';
import { IpcClient, type Subscription } from 'bunctl-ipc/client';
import { parseRequest, type IpcMessage } from 'bunctl-ipc/protocol';
import { defineCommands, defineService } from 'bunctl-ipc/commands';
export const commands = defineCommands({ List: () => ({ Data: { data: [] } }) });
export const service = defineService({ add: (a: number, b: number) => a + b });
export const message: IpcMessage = parseRequest('List');
export type All = [typeof IpcServer, typeof startDaemon, Daemon, typeof IpcClient, Subscription];
// @ts-expect-error -- a response has to be one of the four
defineCommands({ List: () => ({ Nonsense: 1 }) });
`,
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const resolution of ['NodeNext', 'Node16'])
    run(process.execPath, [
      tsc,
      ...['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--target', 'ES2022'],
      ...[
        '--typeRoots',
        join(root, 'node_modules', '@types'),
        '--module',
        resolution,
        '--moduleResolution',
        resolution,
      ],
      'use.ts',
    ]);
  run(process.execPath, [
    '-e',
    "for (const name of ['', '/client', '/protocol', '/commands']) await import('bunctl-ipc' + name)",
    '--input-type=module',
  ]);

  const bunctl = join(home, 'node_modules', '.bin', 'bunctl');
  try {
    if (run(bunctl, ['--version']) !== `bunctl ${manifest.version}\n`)
      fail('bunctl --version says something else');
    run(bunctl, ['start', 'app', '--', 'sleep', '60']);
    const [app] = JSON.parse(run(bunctl, ['list', '-j']));
    if (app?.state !== 'Running') fail(`The installed bunctl does not run an app: ${JSON.stringify(app)}`);
  } finally {
    run(bunctl, ['delete', 'all', '-f']);
    run(bunctl, ['shutdown']);
  }
  console.log(
    `The package of ${packed.files.length} files and ${packed.size} bytes installs, types and runs.`,
  );
} catch (error) {
  console.error(error.stdout ?? '', error.stderr ?? '', error.message);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
