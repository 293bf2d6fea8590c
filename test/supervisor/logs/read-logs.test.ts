// The Logs answer: both streams, their order, and where they end.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAppLogs } from '#dist/supervisor/logs/app-log.js';
import { readLogs } from '#dist/supervisor/logs/read-logs.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { LogWriter } from '../../support/log-writer.js';

const START = Date.parse('2026-11-27T02:00:00.000Z');
const BOUNDS = { answer: 1024 * 1024, lookBack: 1024 * 1024 };
const FOLLOWER = { stdout: 7, stderr: 8 };

async function answer(state: string, lines: number, bounds = BOUNDS) {
  const [log] = await openAppLogs(state, ['a']);
  if (!log) throw new Error('there is one log');
  try {
    return await readLogs(log, { follower: FOLLOWER, keeper: null }, lines, bounds);
  } finally {
    await log.close();
  }
}

describe('the Logs answer', () => {
  test('has the last lines of each stream and of both, and where the file ends', async () => {
    const state = temporaryDirectory();
    const path = join(state, 'logs', 'a.all.log');
    const writer = new LogWriter(path);
    writer.print('stderr', 'e1\n', START);
    writer.print('stdout', 'o1\n', START + 1);
    writer.rotate(START + 2, true);
    writer.print('stdout', 'o2\no3\n', START + 3);
    writer.print('bunctl', '1 line is missing here\n', START + 4);
    const { size } = statSync(path);
    expect(await answer(state, 2)).toEqual({
      output: ['o2', 'o3'],
      errors: ['e1'],
      lines: [
        { time: START + 3, stream: 'stdout', line: 'o3' },
        { time: START + 4, stream: 'bunctl', line: '1 line is missing here' },
      ],
      ends: { stdout: size, stderr: size },
      generations: { stdout: START + 2, stderr: START + 2 },
    });
    expect(await answer(state, 0)).toMatchObject({
      output: [],
      errors: [],
      lines: [],
      ends: { stdout: size },
    });
  });

  test('of plain files has the generations of their follower, and no times', async () => {
    const state = temporaryDirectory();
    mkdirSync(join(state, 'logs'));
    writeFileSync(join(state, 'logs', 'a.out.log'), 'o1\no2\n');
    writeFileSync(join(state, 'logs', 'a.err.log'), 'e1\n');
    expect(await answer(state, 1)).toEqual({
      output: ['o2'],
      errors: ['e1'],
      lines: [
        { time: null, stream: 'stdout', line: 'o2' },
        { time: null, stream: 'stderr', line: 'e1' },
      ],
      ends: { stdout: 6, stderr: 3 },
      generations: FOLLOWER,
    });
  });

  test('fits its bound, whatever the lines are, and looks back no further than it may', async () => {
    const state = temporaryDirectory();
    const writer = new LogWriter(join(state, 'logs', 'a.all.log'));
    writer.print('stderr', 'long ago\n', START);
    writer.print('stdout', '\n\u0001\u0001\u0001\u0001\n'.repeat(20_000), START);
    const bounds = { answer: 100_000, lookBack: 100_000 };
    const { output, errors, lines, ends } = await answer(state, 1_000_000, bounds);
    expect(errors).toEqual([]);
    expect(Math.min(output.length, lines.length)).toBeGreaterThan(500);
    expect(JSON.stringify({ output, errors, lines, ends }).length).toBeLessThan(100_000);
  });
});
