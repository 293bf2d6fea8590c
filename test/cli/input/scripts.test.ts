// `start FILE`: the file runs with the arguments that were typed, by what it is, in the folder as the user named it.
import { chmodSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { interpreted, programFor } from '#dist/cli/input/program.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { Manager } from '../../support/manager.js';
import { fakeDaemon, success } from '../fake-daemon.js';
import { linksToDirectories, scriptsStart } from '../../support/platform.js';

interface Start {
  readonly name: string;
  readonly config: {
    readonly command: string;
    readonly args: string[];
    readonly cwd: string;
    readonly env: object;
  };
}

/** What a daemon was asked to start. */
async function started(manager: Manager, ...args: string[]): Promise<Start> {
  const daemon = await fakeDaemon(manager.socket, () => success('done'));
  await manager.ok('start', ...args);
  await daemon.close();
  const [message] = daemon.asked.filter(
    (each): each is { Start: { name: string; config: string } } =>
      typeof each === 'object' && 'Start' in each,
  );
  const { name, config } = message?.Start ?? { name: '', config: '{}' };
  return { name, config: JSON.parse(config) as Start['config'] };
}

describe('a file with arguments', () => {
  test.each([
    [
      ['server.js', '--', '--port', '3000'],
      ['--port', '3000'],
    ],
    [
      ['server.js', '--', 'sleep', '100'],
      ['sleep', '100'],
    ],
    [['./src/deep.js', '--', 'x'], ['x']],
    [
      ['server.js', '--name', 'api', '--', 'two words', ''],
      ['two words', ''],
    ],
    [['-s', 'server.js', '--name', 'api', '--', '-v'], ['-v']],
  ])('bunctl start %j runs the file with exactly them', async (typed, args) => {
    const manager = new Manager();
    mkdirSync(join(manager.home, 'src'));
    for (const file of ['server.js', 'src/deep.js']) writeFileSync(join(manager.home, file), '');
    const { name, config } = await started(manager, ...typed);
    const file = typed.includes('./src/deep.js') ? 'src/deep.js' : 'server.js';
    expect(config).toMatchObject({
      command: 'node',
      args: [join(realpathSync(manager.home), file), ...args],
    });
    expect(name).toBe(typed.includes('api') ? 'api' : file === 'server.js' ? 'server' : 'deep');
  });

  test('that does not exist is named, and a folder is not a program', async () => {
    const manager = new Manager();
    mkdirSync(join(manager.home, 'folder.js'));
    for (const word of ['./nowhere.js', './folder.js'])
      expect(await manager.run('start', word)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`There is no file ${word}`) as string,
      });
    const unknown = await manager.run('start', 'nowhere.js');
    expect(unknown).toMatchObject({ code: 3 });
    expect(unknown.stderr).toContain('There is no such file either');
  });
});

describe.runIf(scriptsStart)('a file is run', () => {
  const file = (name: string, content: string | Buffer, mode = 0o644): string => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };

  test('by itself when it is executable and names its interpreter', () => {
    const path = file('run.sh', '#!/bin/bash\na=(1 2)\n', 0o755);
    expect(programFor(path, ['x'])).toEqual({ command: path, args: ['x'], env: {} });
  });

  test('by itself when it is executable and of no known kind, as a compiled program is', () => {
    const path = file('server', Buffer.from([0x7f, 0x45, 0x4c, 0x46]), 0o755);
    expect(programFor(path)).toMatchObject({ command: path, args: [] });
  });

  test('with the interpreter that it names when it is not executable', () => {
    const path = file('run.sh', '#!/usr/bin/env bash\n');
    expect(programFor(path, ['x'])).toMatchObject({ command: '/usr/bin/env', args: ['bash', path, 'x'] });
  });

  test('with that of its kind when it names none', () => {
    const path = file('run.sh', 'echo', 0o755);
    expect(programFor(path)).toMatchObject({ command: 'sh', args: [path] });
  });

  test('with python that does not keep its output back, however python was chosen', () => {
    for (const path of [
      file('tick.py', ''),
      file('tick.py', '#!/usr/bin/env python3\n'),
      file('tick', '#!/usr/bin/python3 -s\n', 0o755),
      file('tick', '#!/usr/bin/env -S python3 -s\n', 0o755),
    ])
      expect(programFor(path).env).toEqual({ PYTHONUNBUFFERED: '1' });
    expect(interpreted(['/opt/bin/python3.11'], []).env).toEqual({ PYTHONUNBUFFERED: '1' });
    expect(interpreted(['node'], ['python3']).env).toEqual({});
  });

  test('or refused with two ways out when nothing says how', async () => {
    const manager = new Manager();
    writeFileSync(join(manager.home, 'notes'), 'text');
    const { code, stderr } = await manager.run('start', './notes');
    expect(code).toBe(2);
    expect(stderr).toMatch(/is not executable.*chmod \+x .*notes.*bunctl start NAME -- PROGRAM/);
  });
});

describe('TypeScript', () => {
  test('runs with what can run it, or is refused with what to do', async () => {
    const manager = new Manager({ PATH: '/usr/bin:/bin' });
    writeFileSync(join(manager.home, 'app.ts'), 'const n: number = 1;');
    const strips =
      Boolean((process.features as { typescript?: unknown }).typescript) ||
      process.allowedNodeEnvironmentFlags.has('--experimental-strip-types');
    if (strips) expect((await started(manager, 'app.ts')).config.command).toBe('node');
    else {
      const { code, stderr } = await manager.run('start', 'app.ts');
      expect(code).toBe(2);
      expect(stderr).toMatch(/cannot run .*app\.ts.*npm install tsx.*bunctl start .*app\.ts/);
      const bin = join(manager.home, 'node_modules', '.bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, 'tsx'), '', { mode: 0o755 });
      expect((await started(manager, 'app.ts')).config.command).toMatch(/node_modules\/\.bin\/tsx$/);
    }
  });
});

test.skipIf(!linksToDirectories)(
  'a link that is the current folder stays the app’s folder, and moves with the link',
  async () => {
    const manager = new Manager();
    const [one, two, current] = ['one', 'two', 'current'].map((name) => join(manager.home, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [one, two]) mkdirSync(folder);
    writeFileSync(join(one, 'a.js'), '');
    symlinkSync(one, current);
    manager.env['PWD'] = current;
    const daemon = await fakeDaemon(manager.socket, () => success('done'));
    await manager.runIn(one, 'start', 'a.js');
    // PWD of another folder, as a program leaves it that changed its folder, does not count.
    manager.env['PWD'] = two;
    await manager.runIn(one, 'start', 'a.js');
    renameSync(current, join(manager.home, 'gone'));
    manager.env['PWD'] = current;
    await manager.runIn(one, 'start', 'a.js');
    const folders = daemon.asked.flatMap((message) =>
      typeof message === 'object' && 'Start' in message
        ? [JSON.parse(message.Start.config) as Start['config']]
        : [],
    );
    const real = realpathSync(one);
    expect(folders.map(({ cwd, args }) => [cwd, args[0]])).toEqual([
      [current, join(current, 'a.js')],
      [real, join(real, 'a.js')],
      [real, join(real, 'a.js')],
    ]);
  },
);
