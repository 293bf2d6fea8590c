// What a daemon finds that another one has left: the app, and nobody in its stead.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { alive, Manager, start, statusOf, untilState, written } from '../support/manager.js';
import { until } from '../support/until.js';

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

describe.skipIf(process.platform !== 'linux')('a daemon that takes over', () => {
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
