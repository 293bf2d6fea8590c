// What commands do and say otherwise on Windows, as pure functions.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { daemonEnvironment } from '#dist/cli/daemon/environment.js';
import { programFor } from '#dist/cli/input/program.js';
import { quoteWords } from '#dist/cli/input/shell-words.js';
import { nodeProblems } from '#dist/cli/terminal/system-words.js';
import { temporaryDirectory } from '../../support/daemon.js';

test('the daemon keeps the variables without which no program starts on Windows, however they are written, and no others', () => {
  const env = { SYSTEMROOT: '1', Path: '2', 'ProgramFiles(x86)': '3', LocalAppData: '4', TOKEN: 'secret' };
  expect(Object.keys(daemonEnvironment(env, 'win32'))).toEqual([
    'SYSTEMROOT',
    'Path',
    'ProgramFiles(x86)',
    'LocalAppData',
  ]);
});

test('doctor names a Node that is too old for Windows, and only there', () => {
  expect(nodeProblems('20.20.2', true)).toEqual([expect.stringContaining('needs Node 22 or later')]);
  expect([...nodeProblems('22.1.0', true), ...nodeProblems('20.20.2', false)]).toEqual([]);
});

test('words are quoted for the command prompt with double quotes', () => {
  expect(quoteWords(['C:\\a\\b.js', "it's", 'a "b"', '100%'], true)).toBe(
    'C:\\a\\b.js "it\'s" "a ""b""" "100%"',
  );
});

test('on Windows a script is run by its kind and not by its first line; the daemon finds what runs the others', () => {
  const folder = temporaryDirectory();
  const programOf = (name: string) => {
    const file = join(folder, name);
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
    const { command, args, env } = programFor(file, ['x'], undefined, true);
    return [command === file ? 'itself' : command, ...args.map((arg) => (arg === file ? 'file' : arg)), env];
  };
  expect(programOf('a.js')).toEqual(['node', 'file', 'x', {}]);
  expect(programOf('a.py')).toEqual(['itself', 'x', { PYTHONUNBUFFERED: '1' }]);
  for (const name of ['a.cmd', 'a.BAT', 'a.exe', 'a.sh', 'tool'])
    expect(programOf(name)).toEqual(['itself', 'x', {}]);
});
