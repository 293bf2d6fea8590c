// `status` and `list`: what an app uses, what it has left behind, where it ran, and how it differs from its file.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quoteWords } from '#dist/cli/input/shell-words.js';
import type { AppRecord } from '#dist/supervisor/model/app-record.js';
import {
  alive,
  FAST,
  Manager,
  sharedManager,
  start,
  statusOf,
  untilState,
  written,
} from '../../support/manager.js';
import { hasProc, tellsBoots } from '../../support/platform.js';
import { LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { data, fakeDaemon, itself, status, success } from '../fake-daemon.js';

const manager = sharedManager();

describe.runIf(hasProc)('the status of an app', () => {
  test('has the memory, the processor’s use and the number of all its processes', async () => {
    const client = await manager.daemon();
    await client.request(start('busy', 'while :; do :; done & while :; do :; done'));
    await client.request(start('ends', 'exit 0'));
    const usage = async () =>
      (await statusOf(client, 'busy')) as unknown as Record<
        'cpu_percent' | 'memory_bytes' | 'processes',
        number
      >;
    await until(async () => (await usage()).cpu_percent > 0, 'it has used the processor');
    const { memory_bytes: memory, processes } = await usage();
    expect(processes).toBe(2);
    expect(memory).toBeGreaterThan(100_000);
    await until(async () => (await statusOf(client, 'ends')).state === 'Stopped', 'the other one has ended');
    expect(await statusOf(client, 'ends')).toMatchObject({
      memory_bytes: null,
      cpu_percent: null,
      processes: null,
    });
    expect(await manager.ok('list')).toMatch(/^busy +running +\d+ .* MB|KB +[\d.]+ %$/m);
  });

  test('names what it has left behind, alone and among all apps, and list does so too', async () => {
    const client = await manager.daemon();
    const file = join(manager.home, 'pid');
    await client.request(
      start(
        'a',
        `setsid sh -c 'echo $$ > ${file}; exec sleep 1000' & until test -s ${file}; do sleep 0.01; done; exit 0`,
      ),
    );
    await client.request(start('b', 'sleep 1000'));
    const left = await written(file);
    onTestFinished(() => {
      if (alive(left)) process.kill(left, 'SIGKILL');
    });
    await until(async () => (await statusOf(client, 'a')).state === 'Stopped', 'its first process has ended');
    expect(await statusOf(client, 'a')).toMatchObject({ escaped: [left] });
    expect(JSON.parse(await manager.ok('status', '-j'))).toMatchObject([
      { name: 'a', escaped: [left] },
      { name: 'b', escaped: [] },
    ]);
    const list = await manager.run('list');
    expect(list.stderr).toBe(`App a: process ${left} left its group (stop --kill-escaped ends it)\n`);
    await client.request({ Stop: { name: 'b' } });
    expect(await manager.run('stop', 'all')).toMatchObject({ code: 0, stderr: 'No app is running.\n' });
    expect(await manager.ok('stop', 'all', '--kill-escaped')).toContain(`ended process ${left}`);
    expect(alive(left)).toBe(false);
  });

  test('of an app that crashes again and again: what leaves its group does not pile up', async () => {
    const client = await manager.daemon();
    const pids = join(manager.home, 'pids');
    await client.request(
      start('a', `setsid sh -c 'echo $$ >> ${pids}; exec sleep 1000' & sleep 0.1; exit 1`, { backoff: FAST }),
    );
    await until(async () => (await statusOf(client, 'a')).restarts >= 4, 'it has crashed four times');
    await client.request({ Stop: { name: 'a' } });
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    onTestFinished(() => {
      for (const pid of started.filter(alive)) process.kill(pid, 'SIGKILL');
    });
    expect(started.length).toBeGreaterThanOrEqual(4);
    // What the first run left is kept: nothing had shown the app to be unstable then. What the last run left is ended only if
    // the app was waiting for its next start when it was stopped.
    await until(
      () => started.slice(1, -1).every((pid) => !alive(pid)),
      'what the runs between left has ended',
    );
    expect(alive(started[0] ?? null)).toBe(true);
  });
});

describe.runIf(tellsBoots)('an app that last ran on another machine', () => {
  test('is not adopted; status, doctor and the log of the daemon say that it may still run there', async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    const { pid } = await manager.status('a');
    await manager.killDaemon();
    const path = join(manager.state, 'apps', 'a.json');
    const record = JSON.parse(readFileSync(path, 'utf8')) as AppRecord;
    const there = { ...record.process, machine: 'another', host: 'there' };
    writeFileSync(path, JSON.stringify({ ...record, process: there }));
    onTestFinished(() => {
      if (pid !== null && alive(pid)) process.kill(pid, 'SIGKILL');
    });
    // There is nothing here that a new daemon has to look after.
    expect(await manager.run('list', '-j')).toMatchObject({ stdout: '[]\n', code: 0 });
    const doctor = await manager.run('doctor');
    expect(doctor).toMatchObject({ code: 1 });
    expect(doctor.stdout).toContain('a last ran on another machine or in another container (there)');
    await manager.ok('start', 'b', '--', 'sleep', '1000');
    const now = await manager.status('a');
    expect(now).toMatchObject({ last_exit_unknown: true, last_exit_reason: 'elsewhere' });
    expect(now.pid).not.toBe(pid);
    expect(await manager.ok('status', 'a')).toContain('another machine or in another container');
    expect(manager.daemonLog()).toMatch(/"host":"there".*another machine/);
    expect(alive(pid)).toBe(true);
  });
});

test('an app is compared with its file in the mode with which it was started', async () => {
  const file = join(manager.home, 'ecosystem.config.json');
  const write = (port: number): void =>
    writeFileSync(
      file,
      JSON.stringify({
        apps: [
          {
            name: 'a',
            script: LASTS[0],
            args: quoteWords(LASTS.slice(1), false),
            env: { MODE: 'plain' },
            env_production: { PORT: port },
          },
        ],
      }),
    );
  write(1);
  await manager.ok('start', file, '--env', 'production');
  expect(await manager.status('a')).toMatchObject({ source: file, source_mode: 'production' });
  expect(await manager.ok('status', 'a')).not.toContain('differs');
  write(2);
  expect(await manager.ok('status', 'a')).toContain('the file has another env.PORT');
  expect((await manager.run('restart', file, '--env', 'production')).stderr).toContain(
    'change     a (env.PORT)',
  );
  expect(await manager.ok('status', 'a')).not.toContain('differs');
});

test('an app whose state changes while it is compared with its file is shown as it is then', async () => {
  const manager = new Manager();
  const file = join(manager.home, 'apps.json');
  writeFileSync(file, JSON.stringify({ apps: [{ name: 'a', command: 'sleep' }] }));
  let state = 'Stopping';
  await fakeDaemon(manager.socket, (message) => {
    if (message === 'List') return data(['a'], itself());
    if (typeof message === 'object' && 'Status' in message) {
      const app = status('a', { state, pid: state === 'Stopping' ? 7 : null, source: file, log_files: {} });
      return data(message.Status.name === null ? [app] : app, itself());
    }
    state = 'Stopped';
    return success('Done', { action: 'changed', differs: ['args'] });
  });
  for (const names of [['a'], []]) {
    state = 'Stopping';
    const shown = await manager.ok('status', ...names);
    expect(shown).toMatch(/state +stopped\n/);
    expect(shown).not.toContain('pid ');
    expect(shown).toContain('the file has another args');
  }
});

test.runIf(hasProc)('status and a plan do not wait for a stop that is under way', async () => {
  const client = await manager.daemon();
  const file = join(manager.home, 'apps.json');
  const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
  writeFileSync(
    file,
    JSON.stringify({ apps: [{ name: 'a', command: 'sh', args: ['-c', stubborn], stop_timeout: '600s' }] }),
  );
  await manager.ok('start', file);
  await until(() => manager.printed('a') === 'ready\n', 'it ignores SIGTERM');
  const { pid } = await statusOf(client, 'a');
  onTestFinished(() => {
    if (alive(pid)) process.kill(-(pid as number), 'SIGKILL');
  });
  const other = await manager.connect();
  const stopped = other.request({ Stop: { name: 'a' } });
  await untilState(client, 'a', 'Stopping');
  expect(await manager.ok('status', 'a')).toMatch(/state +stopping\n/);
  expect(await manager.ok('status')).toMatch(/state +stopping\n/);
  process.kill(-(pid as number), 'SIGKILL');
  await stopped;
});

test('status -w prints events without a terminal, with the name or the id of the app', async () => {
  await manager.ok('start', 'My App', '--', ...LASTS);
  const watching = [[], ['--json']].map((options) => {
    const child = manager.spawn(['status', 'My App', '-w', ...options]);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    onTestFinished(() => void child.kill('SIGKILL'));
    return () => text;
  });
  const [plain, json] = watching as [() => string, () => string];
  await until(() => plain().includes('running') && json().includes('initial'), 'both watch');
  await manager.ok('stop', 'My App');
  await until(() => plain().includes('my-app status_change {"app":"my-app","state":"stopped"'), 'the event');
  await until(() => json().includes('"stopped"'), 'the event as JSON');
  const events = json()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(events[0]).toMatchObject({ type: 'initial', data: { name: 'my-app', state: 'Running' } });
  expect(events.at(-1)).toMatchObject({
    type: 'event',
    event_type: 'status_change',
    event: { app: 'my-app', state: 'stopped' },
  });
  expect(plain() + json()).not.toContain('\x1b');
});

test.each([[[]], [['--json']]])(
  'status -w %j of an app without a terminal ends with 3 when the app is deleted',
  async (options) => {
    await manager.ok('start', 'a', '--', ...LASTS);
    const watching = manager.spawn(['status', 'a', '-w', ...options]);
    onTestFinished(() => void watching.kill('SIGKILL'));
    let [shown, said] = ['', ''];
    watching.stdout?.setEncoding('utf8').on('data', (part: string) => (shown += part));
    watching.stderr?.setEncoding('utf8').on('data', (part: string) => (said += part));
    const ended = once(watching, 'close');
    await until(() => shown.includes('unning'), 'it watches');
    await manager.ok('delete', 'a', '-f');
    expect(await ended).toEqual([3, null]);
    expect(shown).toContain('"stopped"');
    expect(said).toBe('Error: App a not found\n');
  },
);
