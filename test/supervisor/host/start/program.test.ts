// Whether a program can be run: what cannot is an error of the start, which names the cause.
import fs, { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { LookUps } from '#dist/supervisor/host/start/look-up.js';
import { checkProgram } from '#dist/supervisor/host/start/program.js';
import { scriptInterpreter } from '#dist/supervisor/host/start/shebang.js';
import { temporaryDirectory } from '../../../support/daemon.js';
import { hasShell, programsAreElf } from '../../../support/platform.js';

const path = process.env['PATH'];

/** Checks a script with this content. */
function check(content: string | Buffer, mode = 0o755): Promise<void> {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'run'), content, { mode });
  return checkProgram({ command: './run', cwd, path, user: undefined });
}

describe.runIf(hasShell)('a program', () => {
  test.each<[string, string]>([
    ['with an interpreter', '#!/bin/sh\nexit 0\n'],
    ['with an interpreter and an argument', '#! /bin/sh -e\nexit 0\n'],
    ['with an interpreter of PATH', '#!/usr/bin/env node\n'],
    ['with an interpreter of PATH and arguments', '#!/usr/bin/env -S node --no-warnings\n'],
    ['with variables for its interpreter', '#!/usr/bin/env -S A=b node\n'],
    ['with options of env that are not ours to read', '#!/usr/bin/env -i no-such-program\n'],
    ['without an interpreter, which the shell runs', 'exit 0\n'],
    ['with a carriage return in its second line', '#!/bin/sh\nexit 0\r\n'],
    ['with a first line that does not end', '#!/bin/sh'],
    ['that is empty', ''],
  ])('%s may run', async (_what, content) => {
    await expect(check(content)).resolves.toBeUndefined();
  });

  test.each<[string, string | Buffer, string, string]>([
    [
      'a missing interpreter',
      '#!/no/such/sh\n',
      'ENOENT',
      'names the interpreter /no/such/sh, which is not there',
    ],
    [
      'an interpreter that is a folder',
      '#!/usr\n',
      'EACCES',
      'names the interpreter /usr, which cannot be run',
    ],
    [
      'an interpreter that is not in PATH',
      '#!/usr/bin/env no-such-program\n',
      'ENOENT',
      'no-such-program, which is in no',
    ],
    ['an argument too many for env', '#!/usr/bin/env node --flag\n', 'ENOENT', 'the interpreter node --flag'],
    ['a carriage return', '#!/bin/sh\r\nexit 0\r\n', 'ENOENT', 'ends with a carriage return'],
    [
      'a carriage return after env',
      '#!/usr/bin/env node\r\n',
      'ENOENT',
      String.raw`"node\r"; remove it: sed`,
    ],
  ])('with %s may not, and why is said', async (_what, content, code, why) => {
    await expect(check(content)).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(why) as string,
    });
  });

  test('whose interpreter is a script with a missing interpreter may not run', async () => {
    const folder = temporaryDirectory();
    const interpreter = join(folder, 'interpreter');
    writeFileSync(interpreter, '#!/no/such/sh\n', { mode: 0o755 });
    await expect(check(`#!${interpreter}\n`)).rejects.toThrow(`the first line of ${interpreter} names`);
  });

  test('that is not executable, is a folder, or is not there may not run', async () => {
    await expect(check('#!/bin/sh\n', 0o644)).rejects.toMatchObject({
      code: 'EACCES',
      detail: expect.stringMatching(/run is not executable; chmod \+x /) as string,
    });
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'folder'));
    const settings = { cwd, path, user: undefined };
    await expect(checkProgram({ ...settings, command: './folder' })).rejects.toMatchObject({
      code: 'EACCES',
    });
    await expect(checkProgram({ ...settings, command: './absent' })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(checkProgram({ ...settings, command: './folder/../x/y' })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(checkProgram({ ...settings, cwd: join(cwd, 'absent'), command: 'sh' })).rejects.toThrow(
      `the folder ${join(cwd, 'absent')} is not there`,
    );
  });

  test.runIf(programsAreElf)('for another machine may not run, nor one without its loader', async () => {
    const own = readFileSync(process.execPath).subarray(0, 4096);
    const foreign = Buffer.from(own);
    // The number of no machine.
    foreign.writeUInt16LE(0xfefe, 18);
    await expect(check(foreign)).rejects.toMatchObject({
      code: 'ENOEXEC',
      detail: expect.stringContaining('is a program for another machine (number 65278)') as string,
    });
    const loader = /\/lib[\w/.-]*ld-[\w.-]+/.exec(own.toString('latin1'))?.[0];
    if (loader === undefined) return;
    const alien = Buffer.from(own);
    alien.write('/nox', alien.indexOf(loader));
    await expect(check(alien)).rejects.toThrow('needs the loader /nox');
    const cwd = temporaryDirectory();
    copyFileSync(process.execPath, join(cwd, 'node'));
    chmodSync(join(cwd, 'node'), 0o755);
    await expect(checkProgram({ command: './node', cwd, path, user: undefined })).resolves.toBeUndefined();
  });

  test('that its user may not reach or run may not run', async () => {
    const cwd = temporaryDirectory();
    const user = { uid: 65_534, gid: 65_534 };
    writeFileSync(join(cwd, 'run'), '#!/bin/sh\n', { mode: 0o700 });
    chmodSync(cwd, 0o755);
    const settings = { command: './run', cwd, path, user };
    await expect(checkProgram(settings)).rejects.toThrow(`user 65534 may not run ${join(cwd, 'run')}`);
    chmodSync(join(cwd, 'run'), 0o755);
    await expect(checkProgram(settings)).resolves.toBeUndefined();
    chmodSync(cwd, 0o700);
    await expect(checkProgram(settings)).rejects.toThrow(`user 65534 may not enter ${cwd}`);
  });

  test('is found in a folder of PATH, though another cannot be looked into', async () => {
    const settings = { command: 'sh', cwd: '/', user: undefined };
    await expect(
      checkProgram({ ...settings, path: `/no/such:/etc/passwd:${path}` }),
    ).resolves.toBeUndefined();
    await expect(checkProgram({ ...settings, path: '/no/such' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is looked at without a call that blocks the thread', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'run'), '#!/usr/bin/env node\n', { mode: 0o755 });
    // Not every system has all of them.
    const blocking = (Object.keys(fs) as 'statSync'[]).filter(
      (name) => name.endsWith('Sync') && typeof fs[name] === 'function',
    );
    const spies = blocking.map((name) => vi.spyOn(fs, name));
    syncBuiltinESMExports();
    onTestFinished(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });
    await checkProgram({ command: 'run', cwd: folder, path: `.:${path}`, user: undefined });
    const places = spies.flatMap(({ mock }) => mock.calls.map(([place]) => String(place)));
    expect(places.filter((place) => place.startsWith(folder))).toEqual([]);
  });
});

test('a first line that the kernel would cut is ignored', () => {
  expect(scriptInterpreter(Buffer.from(`#!/${'x'.repeat(300)}\n`))).toBeUndefined();
  expect(scriptInterpreter(Buffer.from('#!\n'))).toBeUndefined();
  expect(scriptInterpreter(Buffer.from('\n#!/bin/sh\n'))).toBeUndefined();
});

describe('a look-up in a folder that hangs', () => {
  const hangs = () => new Promise<never>(() => undefined);

  test('is an error after its deadline, and no other one is made there until it has ended', async () => {
    const lookUps = new LookUps(10);
    let answer!: (value: number) => void;
    const late = new Promise<number>((resolve) => (answer = resolve));
    await expect(lookUps.run('/mnt', () => late)).rejects.toThrow('/mnt did not answer within 0.01 s');
    await expect(lookUps.run('/mnt', hangs)).rejects.toThrow('/mnt has not answered since an earlier start');
    await expect(lookUps.run('/home', async () => 1)).resolves.toBe(1);
    answer(1);
    await late;
    await expect(lookUps.run('/mnt', async () => 2)).resolves.toBe(2);
  });

  test('leaves threads for the daemon’s own files: no more than two hang', async () => {
    const lookUps = new LookUps(10);
    for (const place of ['/a', '/b'])
      await expect(lookUps.run(place, hangs)).rejects.toThrow('did not answer');
    await expect(lookUps.run('/c', async () => 1)).rejects.toThrow('/a and /b do not answer');
  });
});
