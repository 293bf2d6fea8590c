// The daemon's own log file.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogFile } from '#dist/supervisor/logs/daemon-log.js';
import { daemonLogger } from '#dist/supervisor/logs/daemon-logger.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { filesHaveModes } from '../../support/platform.js';

const line = (n: number): string => `${String(n).padStart(9, '0')}${'x'.repeat(90)}\n`;

describe('the daemon’s log', () => {
  test('has lines of its least level and of those above it; a level that there is not is refused with those that there are', () => {
    const path = join(temporaryDirectory(), 'daemon.log');
    const logged = (level?: string): string[] => {
      const log = daemonLogger(path, level);
      for (const each of ['trace', 'debug', 'info', 'error'] as const) log[each](each);
      const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      rmSync(path);
      return lines.map((each) => (JSON.parse(each) as { msg: string }).msg);
    };
    expect(logged()).toEqual(['info', 'error']);
    expect(logged('debug')).toEqual(['debug', 'info', 'error']);
    expect(logged('silent')).toEqual([]);
    expect(() => logged('loud')).toThrow(
      'BUNCTL_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    );
  });

  test('is put aside before it grows too large, and then begins anew; one old file is kept', () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'daemon.log');
    const log = new LogFile(path, 1000);
    for (let n = 0; n < 96; n += 1) log.write(line(n));
    // Ten lines fill a file, so the ninth old one holds the lines from 80 on.
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(
      Array.from({ length: 10 }, (_, n) => line(80 + n)).join(''),
    );
    expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 6 }, (_, n) => line(90 + n)).join(''));
    expect(readdirSync(folder).sort()).toEqual(['daemon.log', 'daemon.log.1']);
    if (filesHaveModes) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that was begun by a former daemon is put aside when both together have filled it', () => {
    const path = join(temporaryDirectory(), 'daemon.log');
    for (let n = 0; n < 8; n += 1) new LogFile(path, 1000).write(line(n));
    const log = new LogFile(path, 1000);
    for (let n = 8; n < 12; n += 1) log.write(line(n));
    expect(statSync(`${path}.1`).size).toBe(1000);
    expect(statSync(path).size).toBe(200);
  });

  test('that was removed, with its folder even, is begun anew as soon as it can be', () => {
    const folder = join(temporaryDirectory(), 'state');
    const path = join(folder, 'daemon.log');
    mkdirSync(folder);
    const log = new LogFile(path, 1000);
    log.write(line(0));
    rmSync(folder, { recursive: true });
    log.write(line(1));
    mkdirSync(folder);
    log.write(line(2));
    expect(readFileSync(path, 'utf8')).toBe(line(2));
  });

  test('that cannot be put aside is written on, and put aside as soon as it can be', () => {
    const path = join(temporaryDirectory(), 'daemon.log');
    // A folder is in the old file's place: no user can rename a file to it.
    mkdirSync(join(`${path}.1`, 'x'), { recursive: true });
    const log = new LogFile(path, 1000);
    for (let n = 0; n < 20; n += 1) log.write(line(n));
    expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 20 }, (_, n) => line(n)).join(''));
    rmdirSync(join(`${path}.1`, 'x'));
    rmdirSync(`${path}.1`);
    for (let n = 20; n < 23; n += 1) log.write(line(n));
    expect(readFileSync(`${path}.1`, 'utf8')).toContain(line(19));
    expect(statSync(path).size).toBeLessThan(1000);
  });

  test('that can never be put aside does not grow without bound', () => {
    const path = join(temporaryDirectory(), 'daemon.log');
    mkdirSync(join(`${path}.1`, 'x'), { recursive: true });
    const log = new LogFile(path, 1000);
    for (let n = 0; n < 100; n += 1) log.write(line(n));
    expect(statSync(path).size).toBeLessThanOrEqual(4200);
    expect(readFileSync(path, 'utf8')).toContain(line(99));
  });

  test('on a full disk loses lines only', () => {
    const log = new LogFile('/dev/full');
    expect(() => log.write('lost\n')).not.toThrow();
  });
});
