// Modules of every kind that a runtime can load are loaded. For other modules the error says where the fault is.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startDaemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { endpointIn, fixture, ownEndpoint, temporaryDirectory } from '../../support/daemon.js';

const ISOLATIONS = ['thread', 'none'] as const;

/** The names that List of a daemon with this module answers. */
async function list(module: URL, isolation: 'thread' | 'none', service?: URL): Promise<unknown> {
  const socketPath = ownEndpoint();
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

/** Imports what an embedder's module imports. */
const DEFINE = JSON.stringify(new URL('../../../dist/define.js', import.meta.url).href);
const define = (setUp: string): string =>
  `import { defineCommands } from ${DEFINE};\nexport default defineCommands(${setUp});\n`;

describe('a module that does not load, or is not set up, is reported with its file and line', () => {
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
    ['a command that does not exist', 'module.js', define('{ Lits() {} }'), /module\.js:2: Lits in/],
    ['a throw of the set-up', 'module.js', define("() => {\n throw new Error('no')\n}"), /module\.js:3: no$/],
    [
      'a late throw of the set-up',
      'module.js',
      define("async () => {\n await null;\n throw new Error('no');\n}"),
      /module\.js:4: no$/,
    ],
    [
      'a throw in a file that the set-up calls',
      'module.js',
      `import { connect } from './a/d.js';\n${define('() => connect()')}`,
      /d\.js:3: no database$/,
    ],
    [
      'JSON that the set-up cannot read',
      'module.js',
      define("() =>\n JSON.parse('{')"),
      /module\.js:3: .*JSON/,
    ],
    ['a value that the set-up throws', 'module.js', define("() => { throw 'no'; }"), /module\.js: no$/],
    [
      'an undefined that the set-up throws',
      'module.js',
      define('() => { throw undefined; }'),
      /module\.js: undefined$/,
    ],
    ['a set-up without handlers', 'module.js', define('() => undefined'), /module\.js: defineCommands needs/],
    ['a set-up with a wrong name', 'module.js', define('() => ({ Lits() {} })'), /module\.js: Lits in/],
  ];

  let told: string[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  beforeAll(async () => {
    const modules = files.map(([, name, text], index) => {
      const folder = join(directory, String(index));
      mkdirSync(join(folder, 'a'), { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'a', 'b.js'), '\n\n\nconst b = {{ c;\n');
      writeFileSync(join(folder, 'a', 'c.js'), "\nthrow new Error('null has no name');\n");
      writeFileSync(
        join(folder, 'a', 'd.js'),
        "export function connect() {\n\n  throw new Error('no database');\n}\n",
      );
      writeFileSync(join(folder, name), text);
      return pathToFileURL(join(folder, name)).href;
    });
    // All in one process: a test runner would stand between them and Node.
    told = JSON.parse(await run(fixture('modules/loads.js'), [], modules)) as string[];
  });

  test.each(files.map(([what, , , expected], index) => [what, index, expected] as const))(
    '%s',
    (_what, index, expected) => {
      expect(told[index]).toMatch(expected);
    },
  );

  test.each([
    ['commands', 'thread'],
    ['commands', 'none'],
    ['service', 'thread'],
  ] as const)('by startDaemon: the %s, isolation %s', async (which, isolation) => {
    const directory = temporaryDirectory();
    const module = join(directory, 'module.mjs');
    writeFileSync(
      module,
      `export default {\n kind: 'bunctl-ipc.${which}',\n setUp() {\n throw new Error('no database');\n },\n};\n`,
    );
    const modules = { commands: fixture('commands.js'), [which]: pathToFileURL(module) };
    const socketPath = endpointIn(directory);
    await expect(startDaemon({ socketPath, ...modules, workers: { isolation } })).rejects.toMatchObject({
      code: which === 'service' ? 'SERVICE_UNAVAILABLE' : 'LANES_UNAVAILABLE',
      message: expect.stringContaining(`${module}:4: no database`) as string,
    });
  });

  test.each(ISOLATIONS)('by startDaemon: a set-up without handlers, isolation %s', async (isolation) => {
    const directory = temporaryDirectory();
    const module = join(directory, 'module.mjs');
    writeFileSync(module, define('() => undefined'));
    const started = startDaemon({
      socketPath: endpointIn(directory),
      commands: pathToFileURL(module),
      workers: { isolation },
    });
    await expect(started).rejects.toThrow(`: ${module}: defineCommands needs an object`);
  });

  test('a syntax error, in a thread and on the main thread', async () => {
    const directory = temporaryDirectory();
    const module = join(directory, 'module.mjs');
    writeFileSync(module, '\n\nexport default {{ a;\n');
    const started = await run(
      fixture('modules/starts.js'),
      [],
      [endpointIn(directory), module, 'thread', 'none'],
    );
    expect(started.split('\n')).toEqual(
      Array(2).fill(expect.stringContaining(`${module}:3: Unexpected token`)),
    );
  });
});

describe('TypeScript', () => {
  const runTypeScript = (node: string[], module: string, isolation: string): Promise<string> =>
    run(fixture('typescript/daemon.ts'), node, [ownEndpoint(), module, isolation]);
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
      socketPath: ownEndpoint(),
      commands: fixture('typescript/commands.ts'),
    });
    await expect(starting).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringMatching(/commands\.ts.*Compile it to JavaScript.*node --import tsx/s) as string,
    });
  });
});
