// The package as its users get it: packed, installed into an empty folder, imported, typed, and run. npm run check:package
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pack, root } from './pack.js';

const home = mkdtempSync(join(tmpdir(), 'bunctl-package-'));
const env = { ...process.env, BUNCTL_SOCKET: join(home, 's'), BUNCTL_STATE_DIR: join(home, 'state') };
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const run = (command, args, cwd = home) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const fail = (what) => {
  throw new Error(what);
};

const SHIPPED =
  /^(dist\/bundle\/LICENSES|dist\/.*\.(c?js|c?js\.map|d\.c?ts)|docs\/[^/]+\.md|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|package\.json)$/;

function holdsNothingElse(files) {
  const odd = files.filter((path) => !SHIPPED.test(path));
  if (odd.length > 0) fail(`The package holds what nobody needs: ${odd.join(', ')}`);
}

function importsEveryDependency(files) {
  const code = files
    .filter((path) => /\.c?js$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  const unused = Object.keys(manifest.dependencies).filter((name) => !code.includes(`'${name}`));
  if (unused.length > 0) fail(`Dependencies that nothing imports: ${unused.join(', ')}`);
}

/** A debugger shows the source of every shipped file: it is in the map, or shipped. */
function mapsHaveTheirSources(files) {
  const bad = files
    .filter((path) => path.endsWith('.map'))
    .filter((path) => {
      const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(root, path), 'utf8'));
      return sources.some(
        (source, index) =>
          typeof sourcesContent[index] !== 'string' && !files.includes(join(dirname(path), source)),
      );
    });
  if (bad.length > 0) fail(`Source maps that point at files which are not shipped: ${bad.join(', ')}`);
  const unmapped = files.filter(
    (path) =>
      /\.c?js$/.test(path) &&
      /^\/\/# sourceMappingURL=(?!data:)/m.test(readFileSync(join(root, path), 'utf8')) &&
      !files.includes(`${path}.map`),
  );
  if (unmapped.length > 0) fail(`Files whose source map is not shipped: ${unmapped.join(', ')}`);
}

function isWellMade(tarball) {
  run(process.execPath, [join(root, 'node_modules', 'publint', 'src', 'cli.js'), tarball, '--strict'], root);
}

/** .attw.json leaves one rule out: a `require` of this package finds an ES module, which every supported Node loads. */
function typesAreFoundByEveryResolution(tarball) {
  const cli = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
  run(process.execPath, [cli, tarball, '--format', 'ascii', '--no-color'], root);
}

function typesCompile() {
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
  const fixed = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'ES2022', '--types', 'node'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types')];
  for (const [module, resolution] of [
    ['NodeNext', 'NodeNext'],
    ['Node16', 'Node16'],
    ['ES2022', 'Bundler'],
    ['CommonJS', 'Node10'],
  ])
    run(process.execPath, [
      ...[tsc, ...fixed, ...types, '--module', module, '--moduleResolution', resolution],
      'use.ts',
    ]);
}

function everyEntryLoads() {
  const names = ['', '/client', '/protocol', '/commands'].map((entry) => `bunctl-ipc${entry}`);
  const imports = names.map((name) => `await import('${name}');`).join(' ');
  run(process.execPath, ['--input-type=module', '--eval', imports]);
  const requires = names.map((name) => `require('${name}');`).join(' ');
  run(process.execPath, ['--input-type=commonjs', '--eval', requires]);
}

function theCommandRuns() {
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
}

try {
  const { tarball, files, size } = pack(home);
  holdsNothingElse(files);
  importsEveryDependency(files);
  mapsHaveTheirSources(files);
  isWellMade(tarball);
  typesAreFoundByEveryResolution(tarball);
  writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--no-audit', '--no-fund', tarball]);
  typesCompile();
  everyEntryLoads();
  theCommandRuns();
  console.log(`The package of ${files.length} files and ${size} bytes installs, types and runs.`);
} catch (error) {
  console.error(error.stdout ?? '', error.stderr ?? '', error.message);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
