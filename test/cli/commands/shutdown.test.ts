// `shutdown` asks over the socket, and signals nobody.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { processOf } from '#dist/cli/answers/daemon-process.js';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { statOf } from '#dist/supervisor/system/stat.js';
import { isAlive } from '#dist/supervisor/system/processes.js';
import { alive, Manager, startProgram, statusOf, untilState } from '../../support/manager.js';
import { hasProc, signalsAreMessages } from '../../support/platform.js';
import { either, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { data, fakeDaemon, itself, refusal, success } from '../fake-daemon.js';

/** Prints a line, and does not end when it is asked to. */
const STUBBORN = either(
  'trap "" TERM; echo ready; while :; do sleep 0.05; done',
  `process.on('message', () => undefined); console.log('ready'); setInterval(() => undefined, 1e6)`,
);

/** Ends an app, with its group where there are groups. */
function end(app: number): void {
  process.kill(signalsAreMessages ? -app : app, 'SIGKILL');
}

/** A process that any signal would end. */
function stranger(): { readonly pid: number } {
  const [command, ...args] = LASTS;
  // PATH need not name Node's folder.
  const child = spawn(command === 'node' ? process.execPath : command, args, { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  return { pid: child.pid as number };
}

test('a process that only has the number that the daemon told gets no signal', async () => {
  const manager = new Manager();
  const { pid } = stranger();
  const daemon = await fakeDaemon(manager.socket, async (message, connection) => {
    if (message === 'List') return data([], itself({ pid }));
    await connection.send(success('Stopped 2 apps; the daemon ends now\napp a has left behind process 7'));
    await connection.close();
    return undefined;
  });
  const ran = await manager.run('shutdown');
  expect(ran).toMatchObject({ code: 0, stdout: `Stopped the daemon on ${endpointAt(manager.socket)}\n` });
  expect(ran.stderr).toContain('app a has left behind process 7');
  expect(daemon.asked).toContainEqual({ Shutdown: {} });
  expect(alive(pid)).toBe(true);
});

test.runIf(hasProc)(
  'the process that only has the number of a daemon in another container is not waited for',
  () => {
    const { pid } = stranger();
    const info = { version: '', pid, socket: '', state: '', started_at: 0 };
    expect(isAlive(processOf({ ...info, start_time: statOf(pid)?.startTime ?? null }))).toBe(true);
    expect(isAlive(processOf({ ...info, start_time: '1' }))).toBe(false);
    // A daemon of an older version does not say when it was started.
    expect(isAlive(processOf(info))).toBe(false);
  },
);

test('a daemon that is not this bunctl is told apart, and left alone', async () => {
  const manager = new Manager();
  const daemon = await fakeDaemon(manager.socket, (message) =>
    message === 'List' ? data([]) : refusal('unknown variant'),
  );
  const { code, stderr } = await manager.run('shutdown');
  expect(code).toBe(1);
  expect(stderr).toContain('is not this bunctl');
  expect(daemon.asked).toEqual(['List']);
});

test.each([['stop', 'a'], ['delete', 'a', '-f'], ['restart', 'a'], ['shutdown']])(
  '%s sends --kill-escaped to a daemon that knows it, and refuses it for one that does not',
  async (...command) => {
    for (const ours of [true, false]) {
      const manager = new Manager();
      const daemon = await fakeDaemon(manager.socket, async (message, connection) => {
        if (message === 'List') return data([], ours ? itself() : {});
        await connection.send(success('done'));
        await connection.close();
        return undefined;
      });
      const { code } = await manager.run(...command, '--kill-escaped');
      expect(code).toBe(ours ? 0 : 1);
      const sent = JSON.stringify(daemon.asked).includes('"kill_escaped":true');
      expect(sent).toBe(ours);
    }
  },
);

test.each([
  [[], 'whether its apps have stopped'],
  [['--kill-escaped'], 'whether its apps and what they had left behind have ended'],
])('an answer that is lost is no success: shutdown %j', async (options, unknown) => {
  const manager = new Manager();
  await fakeDaemon(manager.socket, async (message, connection) => {
    if (message === 'List') return data([], itself());
    await connection.close();
    return undefined;
  });
  const ran = await manager.run('shutdown', ...options);
  expect(ran).toMatchObject({ code: 6, stdout: '' });
  expect(ran.stderr).toContain(`ended without an answer, so it is not known ${unknown}`);
});

test('a daemon that does not end in time is reported, and still ends', async () => {
  const manager = new Manager();
  const client = await manager.daemon();
  await client.request(startProgram('a', STUBBORN));
  await until(() => manager.printed('a') === 'ready\n', 'it ignores SIGTERM');
  const { pid: app } = await manager.status('a');
  const daemon = await manager.pid();
  const ran = await manager.run('shutdown', '--timeout', '0.2');
  expect(ran).toMatchObject({ code: 5, stderr: expect.stringContaining('it goes on with that') as string });
  if (app !== null) end(app);
  await until(() => !alive(daemon), 'the daemon has ended');
});

test('a shutdown that takes longer than the timeout, and a daemon that dies, have exit codes of their own', async () => {
  const manager = new Manager();
  const client = await manager.daemon();
  await client.request(startProgram('a', STUBBORN, { stop_timeout: { secs: 60, nanos: 0 } }));
  await until(() => manager.printed('a') === 'ready\n', 'it is ready');
  const { pid } = await statusOf(client, 'a');
  onTestFinished(() => end(pid as number));
  const daemon = await manager.pid();
  const late = await manager.run('shutdown', '--timeout', '0.2');
  expect(late).toMatchObject({ code: 5, stdout: '' });
  expect(late.stderr).toContain('is still stopping its apps (timeout)');
  await untilState(client, 'a', 'Stopping');
  const watching = manager.spawn(['status', 'a', '-w', '--json']);
  const ended = once(watching, 'close');
  let text = '';
  watching.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  await until(() => text.includes('initial'), 'it watches');
  process.kill(daemon, 'SIGKILL');
  expect(await ended).toEqual([6, null]);
});
