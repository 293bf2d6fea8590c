// The command as it is installed: a small file, which loads what a command needs and nothing else.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/daemon.js';
import { CLI, Manager } from '../support/manager.js';

const root = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  bin: { bunctl: string };
};

/** Runs a command in a process that writes down every script it loads, but Node's own that are always there. */
function loadedBy(...args: string[]): string[] {
  const home = temporaryDirectory();
  return loadedWith({ BUNCTL_SOCKET: join(home, 's'), BUNCTL_STATE_DIR: join(home, 'state') }, ...args);
}

function loadedWith(env: NodeJS.ProcessEnv, ...args: string[]): string[] {
  const home = temporaryDirectory();
  const script = `
    const before = new Set(process.moduleLoadList);
    const urls = [];
    const inspector = require('node:inspector');
    const session = new inspector.Session();
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
    session.post('Debugger.enable');
    process.argv.splice(1, Infinity, ...${JSON.stringify([CLI, ...args])});
    urls.length = 0;
    process.on('exit', () => {
      require('node:fs').writeFileSync(${JSON.stringify(join(home, 'loaded'))}, JSON.stringify(urls));
    });
    require(${JSON.stringify(CLI)});`;
  spawnSync(process.execPath, ['-e', script], { env: { ...process.env, ...env } });
  const urls = JSON.parse(readFileSync(join(home, 'loaded'), 'utf8')) as string[];
  return urls.map((url) => (url.startsWith('file:') ? fileURLToPath(url) : url));
}

/** The files that a command loads, by their places beside the command's own. */
const filesOf = (urls: readonly string[]): string[] =>
  urls.filter((url) => isAbsolute(url)).map((file) => relative(dirname(CLI), file).replaceAll(sep, '/'));

test('package.json names the bundle as the command', () => {
  expect(join(root, manifest.bin.bunctl)).toBe(CLI);
});

test.each([['status'], ['logs'], ['stop', 'a'], ['start', 'nobody'], ['doctor']])(
  'bunctl %s loads a few bundled files and no other command',
  (...args) => {
    const own = `parts/${args[0]}.cjs`;
    const bundled = ['bunctl.cjs', 'parts/asking.cjs', 'parts/shared.cjs', 'parts/left-behind.cjs', own];
    const loaded = filesOf(loadedBy(...args));
    expect(bundled).toEqual(expect.arrayContaining(loaded));
    expect(loaded).toContain(own);
  },
);

test('bunctl --help loads one file beside the first', () => {
  expect(filesOf(loadedBy('--help'))).toEqual(['bunctl.cjs', 'parts/asking.cjs']);
});

test('bunctl --version loads the first file alone, and none of the modules of Node that commands need', () => {
  const loaded = loadedBy('--version');
  expect(filesOf(loaded)).toEqual(['bunctl.cjs']);
  expect(loaded.filter((url) => /^node:(net|tty|crypto|child_process|util|readline)/.test(url))).toEqual([]);
  expect(spawnSync(process.execPath, [CLI, '--version'], { encoding: 'utf8' }).stdout).toBe(
    `bunctl ${manifest.version}\n`,
  );
});

test('bunctl list loads one file beside the first, and none of the modules of Node that other commands need', async () => {
  const manager = new Manager();
  await manager.daemon();
  const loaded = loadedWith(manager.env, 'list');
  expect(filesOf(loaded)).toEqual(['bunctl.cjs', 'parts/asking.cjs']);
  expect(loaded).toContain('node:net');
  const others = /^node:(crypto|child_process|readline|fs\/promises|zlib|perf_hooks)/;
  expect(loaded.filter((url) => others.test(url))).toEqual([]);
});
