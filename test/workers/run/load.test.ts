// Modules of every kind that a runtime can load are loaded. For other modules the error says where the fault is.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startDaemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixture, temporaryDirectory } from '../../support/daemon.js';

const ISOLATIONS = ['thread', 'none'] as const;

/** The names that List of a daemon with this module answers. */
async function list(module: URL, isolation: 'thread' | 'none', service?: URL): Promise<unknown> {
  const socketPath = join(temporaryDirectory(), 's');
  const daemon = await startDaemon({ socketPath, commands: module, service, workers: { isolation } });
  onTestFinished(async () => {
    await daemon.close();
  });
  const client = await IpcClient.connect(socketPath);
  onTestFinished(() => client.close());
  return client.request('List');
}

/** Runs a program in a process of its own, where no test runner stands between it and Node; what it prints. */
async function run(program: URL, node: string[], args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', ...node, fileURLToPath(program), ...args],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  return stdout.trim();
}

describe.each(ISOLATIONS)('isolation %s', (isolation) => {
  test('a commands module that TypeScript compiled to CommonJS is loaded', async () => {
    expect(await list(fixture('modules/compiled.cjs'), isolation)).toEqual({ Data: { data: ['compiled'] } });
  });

  test('a commands module that assigns module.exports is loaded', async () => {
    const answer = await list(fixture('modules/module-exports.cjs'), isolation);
    expect(answer).toEqual({ Data: { data: ['by hand'] } });
  });

  test('a service module that TypeScript compiled to CommonJS is loaded', async () => {
    const commands = new URL(
      `data:text/javascript,${encodeURIComponent(`export default {
        kind: 'bunctl-ipc.commands',
        setUp: () => ({ List: async (_, { service }) => ({ Data: { data: [await service.name()] } }) }),
      }`)}`,
    );
    const answer = await list(commands, isolation, fixture('modules/service.cjs'));
    expect(answer).toEqual({ Data: { data: ['compiled service'] } });
  });
});

describe('a module that does not load is reported with its file and line', () => {
  const files: [what: string, name: string, text: string, expected: RegExp][] = [
    [
      'a syntax error',
      'module.js',
      'const a = 1;\n\nexport default {{ a;\n',
      /module\.js:3: Unexpected token/,
    ],
    ['one in CommonJS', 'module.cjs', '\nmodule.exports = {{ a;\n', /module\.cjs:2: Unexpected token/],
    ['one in an imported file', 'module.js', "import './a/b.js';\n", /b\.js:4: Unexpected token/],
    [
      'one in a file imported late',
      'module.js',
      "await import('./a/b.js');\n",
      /module\.js.*Unexpected token/,
    ],
    ['one in a file with odd characters', 'a b#ü.js', '\nexport default {{ a;\n', /a b#ü\.js:2: Unexpected/],
    ['a name that is not exported', 'module.js', "\nimport { no } from 'node:fs';\n", /module\.js:2: .*'no'/],
    ['a throw', 'module.js', "\n\nthrow new Error('it is too late');\n", /module\.js:3: it is too late/],
    ['a throw in an imported file', 'module.js', "import './a/c.js';\n", /c\.js:2: null has no name/],
    ['a thrown value', 'module.js', "throw 'a string';\n", /module\.js: a string/],
    ['a thrown null', 'module.js', 'throw null;\n', /module\.js: null/],
    ['a missing import', 'module.js', "import './nowhere.js';\n", /nowhere\.js' imported from .*module\.js/],
  ];
  test.each(files)('%s', async (_what, name, text, expected) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'a'));
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    writeFileSync(join(directory, 'a', 'b.js'), '\n\n\nconst b = {{ c;\n');
    writeFileSync(join(directory, 'a', 'c.js'), "\nthrow new Error('null has no name');\n");
    const module = join(directory, name);
    writeFileSync(module, text);
    const starting = startDaemon({ socketPath: join(directory, 's'), commands: pathToFileURL(module) });
    await expect(starting).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringMatching(expected) as string,
    });
  });

  test('on the main thread too', async () => {
    const directory = temporaryDirectory();
    const module = join(directory, 'module.mjs');
    writeFileSync(module, '\n\nexport default {{ a;\n');
    expect(await run(fixture('modules/starts.js'), [], [join(directory, 's'), module, 'none'])).toContain(
      `${module}:3: Unexpected token`,
    );
  });
});

describe('TypeScript', () => {
  const runTypeScript = (node: string[], module: string, isolation: string): Promise<string> =>
    run(fixture('typescript/daemon.ts'), node, [join(temporaryDirectory(), 's'), module, isolation]);
  const TSX = fileURLToPath(import.meta.resolve('tsx/cli'));

  test.each([
    ['the tsx command', 'thread', [TSX]],
    ['node --import tsx', 'thread', ['--import', 'tsx']],
    ['node --import=tsx/esm', 'thread', ['--import=tsx/esm']],
    ['node --import tsx', 'none', ['--import', 'tsx']],
  ])('a module is loaded under %s, isolation %s', async (_what, isolation, node) => {
    expect(await runTypeScript(node, 'commands.ts', isolation)).toBe(
      '{"Data":{"data":["api-from-typescript"]}}',
    );
  });

  test.runIf('typescript' in process.features && process.features.typescript)(
    'a module is loaded where Node strips types',
    async () => {
      expect(await runTypeScript([], 'plain-commands.ts', 'thread')).toBe('{"Data":{"data":["api"]}}');
    },
  );

  test('if it cannot be loaded, the error says what to do', async () => {
    const starting = startDaemon({
      socketPath: join(temporaryDirectory(), 's'),
      commands: fixture('typescript/commands.ts'),
    });
    await expect(starting).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringMatching(/commands\.ts.*Compile it to JavaScript.*node --import tsx/s) as string,
    });
  });
});
