// Files that are named: what is no file, and a pipe, hold no command up.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readText } from '#dist/cli/input/files.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { CLI, Manager } from '../../support/manager.js';
import { hasFifos } from '../../support/platform.js';

function fifoIn(folder: string): string {
  const path = join(folder, 'fifo.json');
  execFileSync('mkfifo', [path]);
  return path;
}

describe.runIf(hasFifos)('a pipe in the place of a configuration file', () => {
  test.each<[string, ...string[]]>([
    ['start', 'fifo.json'],
    ['start', '-c', 'fifo.json'],
    ['stop', 'fifo.json'],
    ['delete', 'fifo.json', '-f'],
    ['daemon', '-c', 'fifo.json'],
  ])('to which nobody writes is refused: bunctl %s %s %s', async (...args) => {
    const manager = new Manager();
    fifoIn(manager.home);
    expect(await manager.run(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is a pipe, and nobody writes to it') as string,
    });
  });

  test('to which somebody writes is read', () => {
    const manager = new Manager();
    const line = `printf '{"apps":[]}' | "${process.execPath}" "${CLI}" start -c /dev/stdin`;
    const { stderr } = spawnSync('sh', ['-c', line], { env: manager.env, encoding: 'utf8' });
    expect(stderr).toContain('/dev/stdin has no apps.');
  });

  test('is read as it comes, and is given up when nothing comes', () => {
    const path = fifoIn(temporaryDirectory());
    const fd = openSync(path, 'r+');
    onTestFinished(() => closeSync(fd));
    writeSync(fd, '{"a":');
    expect(() => readText(path, 100, 20)).toThrow('it is a pipe from which nothing came for 0.02 s');
    writeSync(fd, 'x'.repeat(200));
    expect(() => readText(path, 100, 20)).toThrow('it is larger than');
  });
});

test('what is no file is refused, and the text of a file is what it holds', () => {
  const folder = temporaryDirectory();
  expect(() => readText(folder, 100)).toThrow();
  writeFileSync(join(folder, 'a'), 'ä'.repeat(50));
  expect(readText(join(folder, 'a'), 100)).toBe('ä'.repeat(50));
  expect(() => readText(join(folder, 'a'), 99)).toThrow('it is larger than');
});
