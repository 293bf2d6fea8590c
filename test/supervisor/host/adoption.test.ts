// What a daemon finds that another one has left: the app, and no other process in its place.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLeftProcesses } from '#dist/supervisor/host/adoption.js';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import type { MarkedProcess } from '#dist/supervisor/system/marked.js';
import { bootId } from '#dist/supervisor/system/place.js';
import { identify } from '#dist/supervisor/system/processes.js';
import type { ProcessStat } from '#dist/supervisor/system/stat.js';
import { nonceOf, recordOf } from '../../support/host.js';
import { alive, Manager, start, statusOf, untilState, written } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';
import { until } from '../../support/until.js';

/** The mark of a process. */
function markOf(pid: number): string {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return environment.find((line) => line.startsWith('BUNCTL_APP='))?.slice('BUNCTL_APP='.length) ?? '';
}

/** Makes the state that a daemon leaves when it is killed in the middle of something. */
function editRecord(manager: Manager, id: string, edit: (record: AppRecord) => object): void {
  const path = join(manager.state, 'apps', `${id}.json`);
  const record = JSON.parse(readFileSync(path, 'utf8')) as AppRecord;
  writeFileSync(path, JSON.stringify(edit(record)));
}

/** A process that a test leaves is ended with it. */
const ends = (pid: number): void => {
  onTestFinished(() => {
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  });
};

describe.runIf(hasProc)('of the processes that carry a mark', () => {
  const mark = (run: number, shared = 'a', id = 'a'): string => `${id}:${nonceOf(shared, run)}`;
  const unseen = { ...recordOf().state, status: 'Starting' } as const;

  /** A process that carries a mark; by default it leads its session and its group. */
  const marked = (pid: number, itsMark: string, stat: Partial<ProcessStat> = {}): MarkedProcess => ({
    pid,
    mark: itsMark,
    stat: {
      state: 'S',
      parent: 1,
      group: pid,
      session: pid,
      startTime: String(pid),
      cpuTicks: 0,
      childTicks: 0,
      residentPages: 0,
      ...stat,
    },
  });
  const find = async (record: Partial<AppRecord>, ...processes: MarkedProcess[]) =>
    (await findLeftProcesses([recordOf(record)], async () => processes)).get('a');
  const leader = (pid: number, run = 2) => ({
    leader: expect.objectContaining({ pid, startTime: String(pid), bootId: bootId() }) as unknown,
    leaderLives: true,
    nonce: nonceOf('a', run),
  });

  test('one that leads its session is the app that was not written down; of several, the first', async () => {
    const record = { state: unseen, nonce: nonceOf('a', 2) };
    const found = await find(record, marked(30, mark(2)), marked(20, mark(2)), marked(25, mark(2)));
    expect(found).toEqual(leader(20));
    // The mark of an earlier version tells which process was spawned with it.
    expect(await find(record, marked(20, `${mark(2)}:30`), marked(30, `${mark(2)}:30`))).toEqual(leader(30));
  });

  test.each<[string, MarkedProcess]>([
    ['that leads no session', marked(20, mark(2), { session: 19 })],
    ['that leads no group', marked(20, mark(2), { group: 19 })],
    ['of an earlier run', marked(20, mark(1))],
    ['of an app of the same name of another daemon', marked(20, mark(2, 'b'))],
    ['of another app', marked(20, mark(2, 'a', 'ab'))],
    ['of an app whose name begins so', marked(20, mark(2, 'a', 'a.b'))],
  ])('one %s is not the app', async (_what, process) => {
    expect(await find({ state: unseen, nonce: nonceOf('a', 2) }, process)).toBeUndefined();
  });

  const dead = { pid: 10, startTime: '1', bootId: bootId() };

  test('one of a later run than the recorded process is the app; a helper of the same run is not', async () => {
    const record = { process: dead, nonce: nonceOf('a', 2) };
    expect(await find(record, marked(20, mark(2)))).toBeUndefined();
    expect(await find(record, marked(20, mark(3)))).toEqual(leader(20, 3));
    expect(await find(record, marked(20, mark(3)), marked(15, mark(3)), marked(30, mark(4)))).toEqual(
      leader(30, 4),
    );
  });

  test.each(['Stopped', 'Backoff'] as const)(
    'one of a later run is the app though its record says %s; a helper of the run that has ended is not',
    async (status) => {
      const record = { state: { ...STOPPED, status }, nonce: nonceOf('a', 2) };
      expect(await find(record, marked(20, mark(2)), marked(15, mark(1)))).toBeUndefined();
      expect(await find(record, marked(20, mark(2)), marked(30, mark(3)))).toEqual(leader(30, 3));
    },
  );

  test('one in the group of the recorded process is what that has left behind', async () => {
    const record = { process: dead, nonce: nonceOf('a', 2) };
    const rest = marked(20, mark(2), { group: 10, session: 10 });
    expect(await find(record, rest)).toEqual({ leader: dead, leaderLives: false });
    for (const stranger of [
      marked(20, mark(2), { group: 11, session: 10 }),
      marked(20, mark(1), { group: 10, session: 10 }),
      marked(20, mark(2, 'b'), { group: 10, session: 10 }),
      marked(20, mark(2, 'a', 'ab'), { group: 10, session: 10 }),
    ])
      expect(await find(record, stranger)).toBeUndefined();
    // The number of a process of another boot, or of an unknown one, is a stranger's.
    for (const boot of ['another', null])
      expect(await find({ ...record, process: { ...dead, bootId: boot } }, rest)).toBeUndefined();
  });

  test('all are found in one pass, and there is none if the process of every app lives', async () => {
    let passes = 0;
    const scan = async (): Promise<MarkedProcess[]> => {
      passes += 1;
      return [];
    };
    const many = (record: Partial<AppRecord>): AppRecord[] =>
      Array.from({ length: 100 }, (_, n) => recordOf({ ...record, id: `a${n}` }));
    await findLeftProcesses(many({ process: identify(process.pid) }), scan);
    expect(passes).toBe(0);
    const backoff = { state: { ...STOPPED, status: 'Backoff' } } as const;
    const all = [{ process: dead }, { state: unseen }, { state: STOPPED }, backoff].flatMap(many);
    await findLeftProcesses(all, scan);
    expect(passes).toBe(1);
  });
});

describe.runIf(hasProc)('a daemon that takes over', () => {
  test('takes no helper that left the group of a dead app for the app', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(
      start('a', 'setsid sh -c "echo \\$\\$ > helper; exec sleep 1000" & sleep 1000', {
        cwd: manager.home,
        restart_policy: 'no',
      }),
    );
    const helper = await written(join(manager.home, 'helper'));
    ends(helper);
    const { pid } = await statusOf(client, 'a');
    await manager.killDaemon();
    process.kill(-(pid as number), 'SIGKILL');
    await until(() => !alive(pid), 'the app is gone');
    const next = await manager.nextDaemon();
    expect(await untilState(next, 'a', 'Stopped')).toMatchObject({ pid: null, last_exit_unknown: true });
    expect(alive(helper)).toBe(true);
  });

  test('ends what a dead app left in its group without a mark, before it starts the app again', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const text = 'env -i sleep 1000 & echo $! > member; wait';
    await client.request(start('a', text, { cwd: manager.home }));
    const member = await written(join(manager.home, 'member'));
    ends(member);
    const { pid } = await statusOf(client, 'a');
    // By then the member is the program that has no mark.
    await until(() => readFileSync(`/proc/${member}/comm`, 'utf8') === 'sleep\n', 'it is started');
    expect(markOf(member)).toBe('');
    await manager.killDaemon();
    process.kill(pid as number, 'SIGKILL');
    await until(() => !alive(pid), 'the app is gone');
    expect(alive(member)).toBe(true);
    const next = await manager.nextDaemon();
    await until(() => !alive(member), 'the member is gone');
    await untilState(next, 'a', 'Running');
  });

  test('that an app has brought up does not take itself for the app', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', 'sleep 1000'));
    const { pid } = await statusOf(client, 'a');
    const mark = markOf(pid as number);
    await manager.killDaemon();
    process.kill(-(pid as number), 'SIGKILL');
    await until(() => !alive(pid), 'the app is gone');
    manager.env['BUNCTL_APP'] = mark;
    const next = await manager.nextDaemon();
    await untilState(next, 'a', 'Running');
    expect((await statusOf(next, 'a')).pid).not.toBe(await manager.pid());
    expect((await statusOf(next, 'a')).restarts).toBe(1);
    expect(await next.request({ Stop: { name: 'a' } })).toMatchObject({
      Success: { message: 'Stopped app a' },
    });
  });

  test.each([
    ['Stopped', 'stopped'],
    ['Backoff', 'running'],
  ] as const)(
    'finds the process of an app whose record says %s, since later ones could not be written',
    async (status, wanted) => {
      const manager = new Manager();
      const client = await manager.daemon();
      await client.request(start('a', 'sleep 1000'));
      await client.request({ Restart: { name: 'a' } });
      const { pid } = await statusOf(client, 'a');
      await manager.killDaemon();
      const [id = '', nonce = ''] = markOf(pid as number).split(':');
      editRecord(manager, id, (record) => ({
        ...record,
        nonce: nonce.slice(0, 8) + '1'.padStart(8, '0'),
        process: null,
        state: { ...STOPPED, status, wanted, retryAt: 0 },
      }));
      const next = await manager.nextDaemon();
      expect(await statusOf(next, 'a')).toMatchObject({ state: 'Running', pid, wanted: 'running' });
      await next.request({ Restart: { name: 'a' } });
      expect(alive(pid)).toBe(false);
      // Its runs are counted on from the one that was found.
      const again = await statusOf(next, 'a');
      expect(markOf(again.pid as number)).toBe(`a:${nonce.slice(0, 8)}${'3'.padStart(8, '0')}`);
      await next.request({ Stop: { name: 'a' } });
      expect(alive(again.pid)).toBe(false);
    },
  );

  test('finds a process whose start was not written down any more', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', 'sleep 1000'));
    const { pid } = await statusOf(client, 'a');
    await manager.killDaemon();
    editRecord(manager, 'a', (record) => ({
      ...record,
      process: null,
      state: { ...record.state, status: 'Starting', pid: null, startedAt: null },
    }));
    const next = await manager.nextDaemon();
    expect(await statusOf(next, 'a')).toMatchObject({ state: 'Running', pid, restarts: 0 });
  });
});
