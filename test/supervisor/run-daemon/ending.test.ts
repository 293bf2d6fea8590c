// The ends of apps: by a command, by themselves, and with their whole process group.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { statOf } from '#dist/supervisor/system/stat.js';
import { anyDaemon, refusal, success } from '../../support/answers.js';
import {
  alive,
  FAST,
  KILLED,
  sharedManager,
  start,
  startProgram,
  statusOf,
  untilState,
  written,
} from '../../support/manager.js';
import { hasGroups, hasProc } from '../../support/platform.js';
import { either, exits, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

/** Waits while another app crashes and comes back: whatever was to be restarted by now has been. */
async function restartsHappen(client: IpcClient): Promise<void> {
  await client.request(startProgram('crashes', exits(1), { backoff: FAST }));
  await until(async () => (await statusOf(client, 'crashes')).restarts >= 5, 'it has come back five times');
  await client.request({ Delete: { name: 'crashes' } });
}

describe('an app', () => {
  const manager = sharedManager();

  test.each(['on-failure', 'always', 'unless-stopped'])(
    'that is stopped stays stopped (%s)',
    async (restart_policy) => {
      const client = await manager.daemon();
      const request = startProgram('a', LASTS, { restart_policy, backoff: FAST });
      await client.request(request);
      const { pid } = await statusOf(client, 'a');
      expect(await client.request({ Stop: { name: 'a' } })).toEqual(success('Stopped app a'));
      expect(alive(pid)).toBe(false);
      await restartsHappen(client);
      expect(await statusOf(client, 'a')).toMatchObject({ state: 'Stopped', pid: null });
      await expect(client.request({ Stop: { name: 'a' } })).rejects.toMatchObject(
        refusal('APP_NOT_RUNNING', 'App a is not running'),
      );
      expect(await client.request(request)).toEqual(success('Started app a'));
      expect(await statusOf(client, 'a')).toMatchObject({ state: 'Running' });
    },
  );

  test('that was restarted is still looked after', async () => {
    const client = await manager.daemon();
    await client.request(startProgram('a', LASTS, { backoff: FAST }));
    expect(await client.request({ Restart: { name: 'a' } })).toEqual({
      Success: {
        message: expect.stringMatching(/^Restarted app a with PID \d+$/) as string,
        daemon: anyDaemon,
      },
    });
    const { pid } = await statusOf(client, 'a');
    process.kill(pid as number, 'SIGKILL');
    await until(async () => ((await statusOf(client, 'a')).pid ?? pid) !== pid, 'it has a new process');
    expect(await statusOf(client, 'a')).toMatchObject({
      state: 'Running',
      restarts: 2,
      ...KILLED,
    });
    expect(alive(pid)).toBe(false);
  });

  test('that crashes again and again is given up after its attempts, and can be stopped between them', async () => {
    const client = await manager.daemon();
    await client.request(startProgram('loop', exits(3), { backoff: { ...FAST, max_attempts: 3 } }));
    await until(async () => (await statusOf(client, 'loop')).backoff_exhausted, 'it is given up');
    expect(await statusOf(client, 'loop')).toMatchObject({
      state: 'Stopped',
      restarts: 3,
      last_exit_code: 3,
    });
    await client.request(
      startProgram('slow', exits(3), { backoff: { ...FAST, base_delay_ms: 60_000, max_delay_ms: 60_000 } }),
    );
    await until(async () => (await statusOf(client, 'slow')).state.startsWith('Backoff'), 'it waits');
    expect(await client.request({ Stop: { name: 'slow' } })).toEqual(success('Stopped app slow'));
    expect((await statusOf(client, 'slow')).state).toBe('Stopped');
  });

  test('that ignores SIGTERM is killed after its timeout, and does not delay other commands meanwhile', async () => {
    const [client, other, third] = [await manager.daemon(), await manager.connect(), await manager.connect()];
    const ready = join(manager.home, 'ready');
    const stubborn = either(
      `trap "" TERM; : > ${ready}; while :; do sleep 0.1; done`,
      `process.on('message', () => undefined); require('node:fs').writeFileSync(${JSON.stringify(ready)}, '');`,
    );
    await client.request(startProgram('stubborn', stubborn, { stop_timeout: { secs: 4, nanos: 0 } }));
    await until(() => existsSync(ready), 'it ignores SIGTERM');
    const { pid } = await statusOf(client, 'stubborn');
    const stopping = client.request({ Stop: { name: 'stubborn' } });
    // Requests of two connections come in any order.
    await untilState(other, 'stubborn', 'Stopping');
    const deleting = third.request({ Delete: { name: 'stubborn' } });
    expect(await other.request('List')).toMatchObject({ Data: { data: ['stubborn'] } });
    expect((await statusOf(other, 'stubborn')).state).toBe('Stopping');
    expect(await Promise.all([stopping, deleting])).toEqual([
      success('Stopped app stubborn'),
      success('Deleted app stubborn'),
    ]);
    expect(alive(pid)).toBe(false);
  });

  test.runIf(hasGroups)(
    'ends together with all of its process group, by Stop and by its own end',
    async () => {
      const client = await manager.daemon();
      const child = (name: string): Promise<number> => written(join(manager.home, name));
      await client.request(start('a', `sleep 1000 & echo $! > ${manager.home}/a; wait`));
      const first = await child('a');
      await client.request({ Stop: { name: 'a' } });
      expect(alive(first)).toBe(false);
      await client.request(start('b', `sleep 1000 & echo $! > ${manager.home}/b; exit 0`));
      await untilState(client, 'b', 'Stopped');
      expect(alive(await child('b'))).toBe(false);
    },
  );

  test.runIf(hasGroups && hasProc)(
    'gets SIGTERM as a group and at once, by Stop and by its own end, and SIGKILL as a group after its timeout',
    async () => {
      const client = await manager.daemon();
      const printed = async (name: string, line: string): Promise<void> => {
        await until(() => manager.printed(name).split('\n').includes(line), `${name} prints ${line}`);
      };
      // The leader ignores SIGTERM and ends after its child, so it ends only if the child gets SIGTERM too.
      await client.request(
        start('asked', 'sleep 1000 & trap "" TERM; echo ready; wait; echo child gone', {
          stop_timeout: { secs: 5, nanos: 0 },
        }),
      );
      await printed('asked', 'ready');
      expect(await client.request({ Stop: { name: 'asked' } })).toEqual(success('Stopped app asked'));
      await printed('asked', 'child gone');
      // The processes that a leader leaves behind get SIGTERM before they are killed,
      const polite = '(trap "echo asked; exit 0" TERM; echo ready; while :; do sleep 0.05; done)';
      spawnSync('mkfifo', [join(manager.home, 'go')]);
      await client.request(
        start('rest', `${polite} & read line < ${join(manager.home, 'go')}; exit 0`, {
          restart_policy: 'no',
        }),
      );
      await printed('rest', 'ready');
      writeFileSync(join(manager.home, 'go'), 'go\n');
      await untilState(client, 'rest', 'Stopped');
      await printed('rest', 'asked');
      // and SIGKILL if they do not end.
      const rude = '(trap "" TERM; echo ready; while :; do sleep 0.05; done)';
      await client.request(
        start('stays', `${rude} & read line < ${join(manager.home, 'go')}; exit 0`, {
          stop_timeout: { secs: 0, nanos: 500_000_000 },
        }),
      );
      const { pid } = await statusOf(client, 'stays');
      await printed('stays', 'ready');
      writeFileSync(join(manager.home, 'go'), 'go\n');
      await untilState(client, 'stays', 'Stopped');
      const left = readdirSync('/proc').filter((entry) => statOf(Number(entry))?.group === pid);
      expect(left.filter((entry) => alive(Number(entry)))).toEqual([]);
    },
  );
});
