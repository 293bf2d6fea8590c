// What apps use: memory and processor, of all their processes.
import { spawn } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ticksNow } from '#dist/supervisor/system/clock.js';
import { groupsOver } from '#dist/supervisor/system/group-memory.js';
import { TICKS_PER_SECOND } from '#dist/supervisor/system/kernel.js';
import type { Member } from '#dist/supervisor/system/members.js';
import { UsageSampler } from '#dist/supervisor/system/usage.js';
import { program } from '../../support/host.js';
import { until } from '../../support/until.js';

const MIB = 1024 * 1024;

test.runIf(process.platform === 'linux')(
  'memory that processes of a group share is counted once, and what each has for itself in full',
  async () => {
    const script = [
      'import os, sys, time',
      'shared = bytearray(b"x") * (96 << 20)',
      'for _ in range(3):',
      '    if os.fork() == 0: break',
      'own = bytearray(b"y") * (8 << 20)',
      'sys.stdout.write("."); sys.stdout.flush()',
      'time.sleep(1000)',
    ].join('\n');
    const child = spawn('python3', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const group = child.pid as number;
    onTestFinished(() => void process.kill(-group, 'SIGKILL'));
    let ready = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ready += text));
    await until(() => ready === '....', 'all four hold their memory');
    const within = groupsOver(new Map([[group, 224 * MIB]]));
    expect([...within]).toEqual([]);
    const over = groupsOver(
      new Map([
        [group, 120 * MIB],
        [group + 1_000_000, 1],
      ]),
    );
    expect([...over.keys()]).toEqual([group]);
    expect((over.get(group) ?? 0) / MIB).toBeGreaterThan(128);
  },
);

const member = (pid: number, cpuTicks: number, childTicks = 0): Member => ({
  pid,
  stat: {
    state: 'S',
    parent: 1,
    group: 1,
    session: 1,
    startTime: '0',
    cpuTicks,
    childTicks,
    residentPages: 1,
  },
});

test('the memory that an app uses is that of all its processes', () => {
  // Of processes that do not exist the system does not say what they share.
  const members = [member(2 ** 30, 0), member(2 ** 30 + 1, 0)];
  const [one] = members as [Member];
  const held = (its: Member[]) =>
    new UsageSampler(
      () => 0,
      () => new Map([[1, its]]),
    )
      .sample(new Set([1]))
      .get(1);
  const { memoryBytes } = held([one]) ?? { memoryBytes: 0 };
  expect(memoryBytes).toBeGreaterThan(0);
  expect(held(members)).toMatchObject({ memoryBytes: 2 * memoryBytes, processes: 2 });
});

describe('the processor that an app uses', () => {
  /** Samples of one app, each at a time in ms and with these members. */
  function percents(...samples: [number, ...Member[]][]): (number | null | undefined)[] {
    let now = 0;
    let members: Member[] = [];
    const sampler = new UsageSampler(
      () => now,
      () => new Map([[1, members]]),
    );
    return samples.map(([at, ...its]) => {
      [now, members] = [at, its];
      return sampler.sample(new Set([1])).get(1)?.cpuPercent;
    });
  }
  const seconds = (count: number): number => count * TICKS_PER_SECOND;

  test('is not compared with a sample of long ago, but with the start', () => {
    const start = {
      ...member(1, 0),
      stat: { ...member(1, 0).stat, startTime: String(ticksNow() - seconds(1)) },
    };
    const used = (ticks: number): Member => ({ ...start, stat: { ...start.stat, cpuTicks: ticks } });
    const [, afterAMinute, afterAnHour] = percents(
      [0, used(0)],
      [60_000, used(seconds(30))],
      [3_660_000, used(seconds(30))],
    );
    expect(afterAMinute).toBe(50);
    // The process is a second old, so that its use since the start is far more than that of an hour.
    expect(afterAnHour).toBeGreaterThan(100);
  });

  test('is not known where processor times are not told, and neither is the number of processes', () => {
    const untold = { ...member(7, 0), stat: { ...member(7, 0).stat, startTime: '' } };
    const sampler = new UsageSampler(
      () => 0,
      () => new Map([[7, [untold]]]),
    );
    expect(sampler.sample(new Set([7])).get(7)).toMatchObject({
      cpuPercent: null,
      processes: null,
      ageMs: null,
    });
  });

  test('is compared with a sample that was only noted, for which nobody asks how much memory is held', () => {
    let now = 0;
    let used = 0;
    let asked = 0;
    const its = (): Member => ({
      pid: 1,
      stat: {
        ...member(1, used).stat,
        get residentPages() {
          asked += 1;
          return 1;
        },
      },
    });
    const sampler = new UsageSampler(
      () => now,
      () => new Map([[1, [its()]]]),
    );
    sampler.note(new Set([1]));
    expect(asked).toBe(0);
    [now, used] = [5000, seconds(2.5)];
    expect(sampler.sample(new Set([1])).get(1)).toMatchObject({ cpuPercent: 50 });
    expect(asked).toBe(1);
  });

  test('is that of the last seconds, and not of its life', () => {
    const used = seconds(500);
    expect(percents([0, member(1, used)], [5000, member(1, used + seconds(2.5))]).at(-1)).toBe(50);
    expect(
      percents([0, member(1, 0)], [5000, member(1, seconds(5))], [10_000, member(1, seconds(5))]).at(-1),
    ).toBe(0);
  });

  test('is compared with a sample that is at least a second old', () => {
    const given = percents(
      [0, member(1, 0)],
      [4000, member(1, seconds(4))],
      [4001, member(1, seconds(4) + 1)],
      [4100, member(1, seconds(4.1))],
    );
    expect(given.slice(1)).toEqual([100, expect.closeTo(100.2, 0), 100]);
  });

  test('is that of all its processes, those that ended between two samples included', () => {
    expect(
      percents(
        [0, member(1, seconds(1)), member(2, seconds(1)), member(3, seconds(3))],
        // The third has ended, after another second; its parent has waited for it.
        [2000, member(1, seconds(1), seconds(4)), member(2, seconds(2))],
      ).at(-1),
    ).toBe(100);
  });

  test('is never less than none, though an orphan takes what it has used with it', () => {
    expect(percents([0, member(1, 10), member(2, 500)], [2000, member(1, 10)]).at(-1)).toBe(0);
  });
});

test.runIf(process.platform === 'linux')('an app is all processes of its session', async () => {
  // With job control, each job leads a group of its own.
  const made = await program([
    'bash',
    '-c',
    'set -m; sh -c "sleep 1000; :" & echo $!; sleep 1000 & echo $!; echo ready; wait',
  ]);
  const jobs = made.lines.slice(0, 2).map(Number);
  onTestFinished(() => jobs.forEach((job) => process.kill(-job, 'SIGKILL')));
  const sampler = new UsageSampler();
  const leaders = new Set([made.pid]);
  await until(() => sampler.sample(leaders).get(made.pid)?.processes === 4, 'all four are counted');
  expect(sampler.sample(leaders).get(made.pid)?.memoryBytes).toBeGreaterThan(0);
  expect(sampler.sample(new Set()).size).toBe(0);
});
