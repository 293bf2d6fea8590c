// The end of a process group: SIGTERM once for each process, the leader first, and nothing left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GroupEnd } from '#dist/supervisor/host/group-end.js';
import { membersOf } from '#dist/supervisor/system/groups.js';
import { identify, isAlive } from '#dist/supervisor/system/processes.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { program, script, type Scripted } from '../../support/host.js';
import { alive } from '../../support/manager.js';
import { hasGroups, hasProc } from '../../support/platform.js';
import { until } from '../../support/until.js';

/** Ends the group of a script as a host does; resolves when it is gone. */
async function end({ pid, ended }: Scripted, patience = 60_000, ask = true): Promise<{ scans: number }> {
  let scans = 0;
  const groupEnd = new GroupEnd(pid, patience, (group) => {
    scans += 1;
    return membersOf(group);
  });
  onTestFinished(() => groupEnd.close());
  if (ask) groupEnd.ask();
  await ended;
  await new Promise<void>((resolve) => groupEnd.leaderEnded(resolve));
  return { scans };
}

/** A process that says how often it was asked to end, and needs half a second for it. */
const COUNTS = `
  let asked = 0;
  process.on('SIGTERM', () => {
    console.log('asked', ++asked);
    setTimeout(() => process.exit(), Number(process.env.LINGERS ?? 500));
  });
  setInterval(() => {}, 1000);
  console.log('ready');`;
const counts = [process.execPath, '-e', COUNTS] as const;

describe.runIf(hasGroups && hasProc)('a process group that is asked to end', () => {
  test('and whose leader passes the signal on: each process gets it once', async () => {
    // As npm does: it hands SIGTERM on and waits for its child.
    const leader = `
      const child = require('node:child_process').spawn(${JSON.stringify(counts[0])}, ${JSON.stringify(counts.slice(1))}, { stdio: 'inherit' });
      process.on('SIGTERM', () => child.kill('SIGTERM'));
      child.on('exit', () => process.exit());`;
    const made = await program([process.execPath, '-e', leader]);
    await end(made);
    expect(made.lines).toEqual(['ready', 'asked 1']);
  });

  test('and whose leader passes nothing on: the rest gets SIGTERM when the leader has ended', async () => {
    const made = await script(`${counts[0]} -e "$SCRIPT" & wait`, { SCRIPT: COUNTS });
    await end(made);
    expect(made.lines).toEqual(['ready', 'asked 1']);
  });

  test('and whose leader lingers: what was told beside it is not told again after its end', async () => {
    const leader = `
      require('node:child_process').spawn(${JSON.stringify(counts[0])}, ${JSON.stringify(counts.slice(1))}, { stdio: 'inherit' });
      process.on('SIGTERM', () => setTimeout(() => process.exit(), 1000));`;
    const made = await program([process.execPath, '-e', leader], { LINGERS: '1200' });
    await end(made, 1600);
    expect(made.lines).toEqual(['ready', 'asked 1']);
  });

  test('and whose leader waits for a child without telling it: the child gets SIGTERM a moment later', async () => {
    const made = await script('sleep 1000 & trap "" TERM; sleep 0.1; echo ready; wait; echo child gone');
    await end(made);
    expect(made.lines).toEqual(['ready', 'child gone']);
  });

  test('keeps the processes that it starts in order to end, as long as its leader lives', async () => {
    const made = await script(
      'trap "sleep 0.6 && echo cleaned up; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await end(made);
    expect(made.lines).toEqual(['ready', 'cleaned up']);
  });

  test('after its leader has ended by itself: the rest gets SIGTERM at once, and SIGKILL after the timeout', async () => {
    const polite = await script(
      '(trap "echo asked; exit 0" TERM; echo ready; while :; do sleep 0.05; done) & sleep 0.2; exit 0',
    );
    await end(polite, 60_000, false);
    expect(polite.lines).toEqual(['ready', 'asked']);
    const rude = await script('(trap "" TERM; echo ready; while :; do sleep 0.05; done) & sleep 0.2; exit 0');
    await end(rude, 300, false);
    expect((await membersOf(rude.pid))?.live ?? []).toEqual([]);
  });

  test('is not searched for among all processes while a known member lives', async () => {
    const made = await script(
      '(trap "" TERM; echo ready; n=0; while [ $n -lt 40 ]; do sleep 0.05; n=$((n+1)); done) & sleep 0.1; exit 0',
    );
    const { scans } = await end(made, 60_000, false);
    // Its end takes two seconds. One scan finds a member, and another looks again when that member has ended.
    expect(scans).toBeLessThanOrEqual(4);
  });

  test('and has only zombies left is gone', async () => {
    // Like in a container whose process 1 does not reap: a child that has ended is never waited for.
    const python =
      'import os,time;p=os.fork()\n' +
      'if p==0: os.setpgid(0,0); os._exit(0)\n' +
      'print(p,flush=True); time.sleep(1000)';
    const parent = spawn('python3', ['-c', python], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text);
    await until(() => statOf(pid)?.state === 'Z', 'it is a zombie');
    expect(statOf(pid)?.group).toBe(pid);
    expect(() => process.kill(-pid, 0)).not.toThrow();
    await new Promise<void>((resolve) => new GroupEnd(pid, 60_000).leaderEnded(resolve));
    expect(isAlive(identify(pid))).toBe(false);
    expect(alive(pid)).toBe(false);
  });
});

/** What another user's daemon says of a group of ours that it has asked and killed. */
async function whyItLives(group: number, leaderEnded: boolean): Promise<string> {
  const daemon = `
    import { GroupEnd } from '${import.meta.resolve('#dist/supervisor/host/group-end.js')}';
    import { setTimeout as sleep } from 'node:timers/promises';
    process.setgroups([]);
    process.setgid(65534);
    process.setuid(65534);
    const end = new GroupEnd(${group}, 60_000);
    if (${leaderEnded}) end.leaderEnded(() => undefined);
    end.ask();
    end.kill();
    for (let looks = 0; looks < 1000 && end.whyItLives() === null; looks += 1) await sleep(10);
    console.log(end.whyItLives());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', daemon], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return text.toString();
}

describe.runIf(hasProc && process.getuid?.() === 0)('a process group that another user keeps alive', () => {
  const says = (pid: number) =>
    `process ${pid} runs as user 0, and the daemon's user 65534 may not end it; end it as user 0\n`;

  test('as its leader, such as sudo, is said to be out of reach', async () => {
    const { pid } = await script('echo ready; exec sleep 1000');
    expect(await whyItLives(pid, false)).toBe(says(pid));
  });

  test('as one that the leader has left is said to be out of reach, by its own number', async () => {
    const { pid, ended } = await script('sleep 1000 & echo ready; exit 0');
    await ended;
    const [left] = (await membersOf(pid))?.live ?? [];
    expect(await whyItLives(pid, true)).toBe(says(left as number));
  });
});
