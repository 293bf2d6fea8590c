// The daemon ends, in any way: what becomes of its apps, and what the next daemon does.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { refusal, success } from '../../support/answers.js';
import {
  alive,
  FAST,
  Manager,
  start,
  startProgram,
  type Status,
  statusOf,
  untilState,
} from '../../support/manager.js';
import { hasProc, scriptsStart, signalsAreMessages } from '../../support/platform.js';
import { printedBy } from '../../support/printed.js';
import { either, LASTS } from '../../support/programs.js';
import { notACopy } from '../../support/second-signal.js';
import { until } from '../../support/until.js';

/** A file that is a program which lasts: its name and its text. */
const [FILE, TEXT] = scriptsStart
  ? ['program', '#!/bin/sh\nsleep 1000\n']
  : ['program.cjs', LASTS.at(-1) as string];

/** Resolves when the record of an app says that it is in this state. */
const untilRecorded = (manager: Manager, id: string, status: string): Promise<void> =>
  until(() => {
    const { state } = JSON.parse(
      readFileSync(join(manager.state, 'apps', `${id}.json`), 'utf8'),
    ) as AppRecord;
    return state.status === status;
  }, `${id} is recorded as ${status}`);

describe('the daemon', () => {
  test.runIf(hasProc)(
    'killed with SIGKILL loses no app and no line; the next daemon adopts running apps and restarts those that died',
    async () => {
      const manager = new Manager();
      const client = await manager.daemon();
      await client.request(start('ticker', 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done'));
      await client.request(start('dies', 'sleep 1000 & wait', { backoff: FAST }));
      await client.request(start('rests', 'sleep 1000 & wait', { restart_policy: 'no' }));
      const [ticker, dies, rests] = [
        await statusOf(client, 'ticker'),
        await statusOf(client, 'dies'),
        await statusOf(client, 'rests'),
      ];
      const daemon = await manager.pid();
      process.kill(daemon, 'SIGKILL');
      await until(() => !alive(daemon), 'the daemon is gone');
      const childrenOf = (group: number | null): number[] =>
        readdirSync('/proc')
          .map(Number)
          .filter((entry) => entry > 0 && entry !== group && statOf(entry)?.group === group);
      const children = [...childrenOf(dies.pid), ...childrenOf(rests.pid)];
      process.kill(dies.pid as number, 'SIGKILL');
      process.kill(rests.pid as number, 'SIGKILL');
      expect(alive(ticker.pid)).toBe(true);
      await manager.ok('start', 'other', '--', 'sleep', '1000');
      const next = await manager.connect();
      expect(await statusOf(next, 'ticker')).toMatchObject({
        state: 'Running',
        pid: ticker.pid,
        restarts: 0,
      });
      await untilState(next, 'dies', 'Running');
      expect(await statusOf(next, 'dies')).toMatchObject({
        last_exit_unknown: true,
        last_exit_code: null,
        restarts: 1,
      });
      await untilState(next, 'rests', 'Stopped');
      expect(await statusOf(next, 'rests')).toMatchObject({ last_exit_unknown: true });
      // The processes that their leaders left behind are gone too.
      expect(children.filter(alive)).toEqual([]);
      // An adopted app is followed and stopped, and its end is noticed, as for any other app.
      const events = next.subscribe({ LogEvents: { app_name: 'ticker' } });
      expect((await events.next()).value?.event_type).toBe('log_line');
      await events.close();
      expect(await next.request({ Stop: { name: 'ticker' } })).toEqual(success('Stopped app ticker'));
      expect(alive(ticker.pid)).toBe(false);
      const lines = printedBy(manager.state, 'ticker', 'stdout').trimEnd().split('\n');
      expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
    },
  );

  test.runIf(hasProc)(
    'killed with SIGKILL in the middle of a Restart: the next daemon finishes the Restart under every policy',
    async () => {
      const manager = new Manager();
      const client = await manager.daemon();
      // The first ends while no daemon is there, the second waits until the next daemon has it.
      const ends = join(manager.home, 'ends');
      const waits = (script: string): string =>
        `trap '${script}' TERM; echo ready; while :; do sleep 0.05; done`;
      await client.request(start('quick', waits('echo told; exit 0'), { restart_policy: 'no' }));
      await client.request(
        start('slow', waits(`echo told; while ! test -e ${ends}; do sleep 0.05; done; exit 0`), {
          stop_timeout: { secs: 60, nanos: 0 },
        }),
      );
      const apps = ['quick', 'slow'];
      const printed = (text: string) => (): boolean => apps.every((app) => manager.printed(app) === text);
      await until(printed('ready\n'), 'their traps are set');
      const before = await Promise.all(apps.map((app) => statusOf(client, app)));
      const daemon = await manager.pid();
      // The end of the quick one must not be seen by this daemon.
      process.kill(before[0]?.pid as number, 'SIGSTOP');
      const clients = [client, await manager.connect()] as const;
      const restarts = apps.map((name, at) =>
        clients[at as 0 | 1].request({ Restart: { name } }).catch(() => undefined),
      );
      await until(() => manager.printed('slow') === 'ready\ntold\n', 'the slow one is told to end');
      await untilRecorded(manager, 'quick', 'Stopping');
      process.kill(daemon, 'SIGKILL');
      await until(() => !alive(daemon), 'the daemon is gone');
      await Promise.all(restarts);
      process.kill(before[0]?.pid as number, 'SIGCONT');
      await until(() => !alive(before[0]?.pid ?? null), 'the quick one has ended');
      const next = await manager.nextDaemon();
      writeFileSync(ends, '');
      for (const [at, app] of apps.entries()) {
        await until(async () => {
          const { state, pid } = await statusOf(next, app);
          return state === 'Running' && pid !== before[at]?.pid;
        }, `${app} runs anew`);
        expect(await statusOf(next, app)).toMatchObject({ wanted: 'running', restarts: 1 });
      }
    },
  );

  test('ended with SIGTERM gives each app its time; the next daemon starts the apps that are to run', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const slow = either(
      'trap "sleep 0.5; echo done; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
      `const end = () => { console.log('done'); process.exit(0); };
      process.on('message', () => setTimeout(end, 500)); console.log('ready');`,
    );
    await client.request(startProgram('slow', slow));
    await client.request(startProgram('always', LASTS, { restart_policy: 'always' }));
    await client.request(startProgram('unless', LASTS, { restart_policy: 'unless-stopped' }));
    await client.request(startProgram('auto', LASTS, { auto_start: true }));
    await client.request(startProgram('told', LASTS, { restart_policy: 'always', auto_start: true }));
    await client.request({ Stop: { name: 'told' } });
    const program = join(manager.home, FILE);
    writeFileSync(program, TEXT, { mode: 0o700 });
    await client.request(startProgram('absent', [program], { restart_policy: 'always' }));
    const printed = (): string => manager.printed('slow');
    await until(() => printed() === 'ready\n', 'its trap is set');
    const { pid } = await statusOf(client, 'slow');
    await manager.ok('shutdown');
    expect(alive(pid)).toBe(false);
    expect(printed()).toBe('ready\ndone\n');
    rmSync(program);
    await manager.ok('start', 'other', '--', ...LASTS);
    const next = await manager.connect();
    let states: string[] = [];
    // One answer for all apps: an app that is tried again is Starting for a moment now and then.
    await until(async () => {
      const answer = (await next.request({ Status: { name: null } })) as { Data: { data: Status[] } };
      states = answer.Data.data.map(({ name, state }) => `${name} ${state.split(' ')[0]}`);
      return states.includes('absent Backoff');
    }, 'it waits');
    // An app that cannot be started yet does not stop the others, and is tried again.
    expect(states).toEqual([
      'absent Backoff',
      'always Running',
      'auto Running',
      'other Running',
      'slow Stopped',
      'told Stopped',
      'unless Running',
    ]);
    expect(await statusOf(next, 'absent')).toMatchObject({
      last_error: expect.stringContaining('No such file') as string,
    });
    writeFileSync(program, TEXT, { mode: 0o700 });
    expect(await untilState(next, 'absent', 'Running')).toMatchObject({ last_error: null });
  });

  test.runIf(signalsAreMessages)(
    'ended by a second signal leaves the apps running, and is not started again',
    async () => {
      const manager = new Manager({ BUNCTL_RESPAWN: '1' });
      const client = await manager.daemon();
      await client.request(
        start('a', 'trap "" TERM; echo ready; while :; do sleep 0.1; done', {
          stop_timeout: { secs: 60, nanos: 0 },
        }),
      );
      await until(() => manager.printed('a') === 'ready\n', 'it ignores SIGTERM');
      const { pid } = await statusOf(client, 'a');
      onTestFinished(() => {
        process.kill(-(pid as number), 'SIGKILL');
      });
      const daemon = await manager.pid();
      process.kill(daemon, 'SIGTERM');
      await untilState(client, 'a', 'Stopping');
      // After that, no app is started, since nothing would stop it.
      await expect(client.request(start('late', 'sleep 1000'))).rejects.toMatchObject(
        refusal('SHUTTING_DOWN', 'shutting down'),
      );
      await notACopy();
      process.kill(daemon, 'SIGTERM');
      await until(() => !alive(daemon), 'the daemon is gone');
      expect(alive(pid)).toBe(true);
      expect(manager.daemonLog()).toContain('"apps":["a"],"msg":"a second signal ends the daemon');
      // The keeper would have said so in the turn in which it saw the end.
      const other = await manager.run('logs', 'a');
      expect(other).toMatchObject({ stdout: 'ready\n', code: 0 });
      expect(manager.daemonLog()).not.toContain('has died');
    },
  );
});
