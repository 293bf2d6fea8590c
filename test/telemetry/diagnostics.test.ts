// The steps in a daemon's life: one table, in the docs and in the code, and each step told with the name of its daemon.
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import type { StepMessage } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openFilesLimit } from '#dist/open-files.js';
import { teller } from '#dist/telemetry/diagnostics.js';
import { type StepName, STEPS } from '#dist/telemetry/steps.js';
import { act, fixture, ownEndpoint, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { socketsAreFiles } from '../support/platform.js';
import { RawClient } from '../support/raw-client.js';
import { hearSteps } from '../support/steps.js';
import { until } from '../support/until.js';

const LIMIT = openFilesLimit();
const ROOT = join(import.meta.dirname, '..', '..');
const ALL = { Subscribe: { subscription: { AllEvents: { app_name: null } } } };

test('the table of steps is in docs/observability.md as it is in the code', () => {
  const docs = readFileSync(join(ROOT, 'docs', 'observability.md'), 'utf8');
  const rows = [...docs.matchAll(/^\| `(bunctl-ipc:[\w.-]+)` \| (.*) \| (.+) \|$/gm)].map((row) =>
    row.slice(1),
  );
  const table = (Object.keys(STEPS) as StepName[]).map((step) => {
    const { fields, meaning } = STEPS[step];
    return [`bunctl-ipc:${step}`, fields.map((field) => `\`${field}\``).join(', '), meaning];
  });
  expect(rows).toEqual(table);
});

describe('a step', () => {
  test('is told to the log with its words, whether anybody has subscribed or not', () => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const tell = teller('/daemon', log);
    tell('daemon.listening', {});
    tell('lane.died', { lane: 3, isolation: 'thread', err: new Error('why') });
    tell('log.lines-lost', { thread: 'lane 1', lines: 7 });
    tell('connection.opened', { connectionId: 1 });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 30, path: '/daemon', msg: 'daemon listening' },
      { level: 50, lane: 3, err: { message: 'why' }, msg: 'a lane died' },
      { level: 40, thread: 'lane 1', msg: '7 log lines of a worker were lost' },
    ]);
  });

  test('costs no message while nobody has subscribed', () => {
    let read = 0;
    const fields = {
      get connectionId() {
        return (read += 1);
      },
    };
    const tell = teller('/daemon', pino({ level: 'silent' }));
    tell('connection.opened', fields);
    expect(read).toBe(0);
    const heard = hearSteps();
    tell('connection.opened', fields);
    expect([read, heard]).toEqual([1, [{ step: 'connection.opened', daemon: '/daemon', connectionId: 1 }]]);
  });

  test('whose subscriber throws is taken all the same, and every other subscriber hears of it', async () => {
    const script = `
      import { subscribe } from 'node:diagnostics_channel';
      import { startDaemon, IpcClient } from 'bunctl-ipc';
      const told = [];
      process.on('uncaughtException', ({ message }) => told.push(message));
      subscribe('bunctl-ipc:connection.opened', () => { throw new Error('a bug of the embedder'); });
      subscribe('bunctl-ipc:connection.opened', ({ connectionId }) => told.push(connectionId));
      const daemon = await startDaemon({ socketPath: process.argv[1], commands: process.argv[2] });
      const client = await IpcClient.connect(process.argv[1]);
      console.log(JSON.stringify([await client.request('List'), ...told]));
      await client.close();
      await daemon.close();`;
    const args = [ownEndpoint(), fixture('commands.js').href];
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close') as Promise<[code: number]>;
    const [out, [code]] = await Promise.all([text(child.stdout), ended]);
    expect([JSON.parse(out), code]).toEqual([
      [{ Data: { data: ['a', 'b'] } }, 1, 'a bug of the embedder'],
      0,
    ]);
  });
});

describe('a daemon tells', () => {
  test('of its start, its connections and its end; and which daemon it is', async () => {
    const heard = hearSteps();
    const workers = { maxThreads: 1 };
    const [one, other] = [await testDaemon({ workers }), await testDaemon({ workers })];
    const client = await RawClient.connect(other.path);
    await client.request('List');
    client.socket.destroy();
    await until(() => heard.some(({ step }) => step === 'connection.closed'), 'it is told of the end');
    await other.daemon.close();
    await one.daemon.close({ grace: 10 });
    const of = (path: string) => heard.flatMap(({ daemon, ...rest }) => (daemon === path ? [rest] : []));
    const lane = { lane: 1, isolation: 'thread' };
    const [started, ready] = [
      { step: 'lane.started', ...lane },
      { step: 'lane.ready', ...lane },
    ];
    expect(of(one.daemon.socketPath)).toEqual([
      started,
      ready,
      { step: 'daemon.listening' },
      { step: 'daemon.stopping', grace: 10 },
      { step: 'daemon.stopped', inTime: true },
    ]);
    expect(of(other.daemon.socketPath)).toEqual([
      started,
      ready,
      { step: 'daemon.listening' },
      { step: 'connection.opened', connectionId: 1 },
      { step: 'connection.closed', connectionId: 1 },
      { step: 'daemon.stopping', grace: 5000 },
      { step: 'daemon.stopped', inTime: true },
    ]);
  });

  test.skipIf(LIMIT === undefined || LIMIT > 1_000_000)(
    'of a limit of open files that allows fewer connections than it was to have',
    async () => {
      const heard = hearSteps(undefined, /^connections/);
      const { path } = await testDaemon({ connections: { max: 1_000_000 } });
      await testDaemon({ connections: { max: 100 } });
      expect(heard).toEqual([
        { step: 'connections.limited', daemon: path, wanted: 1_000_000, max: Number(LIMIT) - 64 },
      ]);
    },
  );

  test('of its end may be heard by who closes it, too: that is the same close', async () => {
    const { daemon } = await testDaemon();
    const closes: Promise<boolean>[] = [];
    const close = (message: unknown): void => {
      if ((message as StepMessage).daemon === daemon.socketPath) closes.push(daemon.close());
    };
    subscribe('bunctl-ipc:daemon.stopping', close);
    onTestFinished(() => void unsubscribe('bunctl-ipc:daemon.stopping', close));
    expect(await daemon.close()).toBe(true);
    expect(await Promise.all(closes)).toEqual([true]);
  });

  test('of a connection that it refuses', async () => {
    const { path } = await testDaemon({ connections: { max: 1 } });
    const heard = hearSteps(path);
    const first = await RawClient.connect(path);
    await first.request('List');
    await (await RawClient.connect(path)).rest();
    const refused = heard.filter(({ step }) => step === 'connection.refused');
    expect(refused).toEqual([{ step: 'connection.refused', daemon: path, code: 'TOO_MANY_CONNECTIONS' }]);
  });

  test('of a lane that is late, recovers and dies, and of the one that follows', async () => {
    const { path, daemon } = await testDaemon({ workers: { maxThreads: 1 } });
    const heard = hearSteps(path);
    const steps = () => heard.flatMap(({ step }) => (step.startsWith('lane.') ? [step] : []));
    const file = join(temporaryDirectory(), 'go');
    const client = await RawClient.connect(path);
    client.send(act('waitFor', { file }));
    await until(() => steps().includes('lane.late'), 'it is late');
    writeFileSync(file, '');
    await client.next();
    client.send(act('sleep', { ms: 300 }));
    await until(() => steps().includes('lane.recovered'), 'it has recovered');
    await client.next();
    await client.request(act('exit'));
    await until(() => steps().at(-1) === 'lane.ready', 'there is another lane');
    // On a busy machine a lane may be late more than once.
    expect([...new Set(steps())]).toEqual([
      'lane.late',
      'lane.recovered',
      'lane.died',
      'lane.started',
      'lane.ready',
    ]);
    expect(heard.find(({ step }) => step === 'lane.died')).toMatchObject({ lane: 1, isolation: 'thread' });
    expect(daemon.stats().lanes).toMatchObject([{ id: 2, restarts: 1 }]);
  });

  test('of a service that dies and is replaced', async () => {
    const { path } = await testDaemon({ service: fixture('service.js') });
    const heard = hearSteps(path);
    const client = await RawClient.connect(path);
    await client.request(act('call', { method: 'exit' }));
    const steps = () => heard.flatMap(({ step }) => (step.startsWith('service.') ? [step] : []));
    await until(() => steps().length === 2, 'it is replaced');
    expect(steps()).toEqual(['service.down', 'service.up']);
  });

  test('of a subscriber that falls behind and catches up', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { queueBytes: 64 * 1024, stallGrace: 50 } });
    const heard = hearSteps(path);
    const steps = () => heard.flatMap(({ step }) => (step.startsWith('subscriber.') ? [step] : []));
    const stalled = await RawClient.connect(path);
    await stalled.request(ALL);
    stalled.socket.pause();
    await publish(daemon, 6000);
    expect(steps()).toEqual(['subscriber.behind']);
    stalled.socket.resume();
    await until(() => steps().length === 2, 'it has caught up');
    expect(steps()).toEqual(['subscriber.behind', 'subscriber.caught-up']);
    expect(heard.find(({ step }) => step === 'subscriber.behind')).toMatchObject({ connectionId: 1 });
  });

  test('of a subscriber that vanishes while it is behind, only that its connection has ended', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { queueBytes: 64 * 1024, stallGrace: 50 } });
    const heard = hearSteps(path, /^(connection|subscriber)\./);
    const stalled = await RawClient.connect(path);
    await stalled.request(ALL);
    stalled.socket.pause();
    await publish(daemon, 6000);
    stalled.socket.destroy();
    await until(() => daemon.stats().connections.open === 0, 'it is gone');
    expect(heard.map(({ step }) => step)).toEqual([
      'connection.opened',
      'subscriber.behind',
      'connection.closed',
    ]);
  });

  test.runIf(socketsAreFiles)(
    'of a socket file that disappears and is bound again, and of one that cannot be',
    async () => {
      const { path } = await testDaemon();
      const heard = hearSteps(path, /^endpoint/);
      unlinkSync(path);
      await until(() => heard.length > 0, 'it is bound again');
      expect(heard).toEqual([{ step: 'endpoint.rebound', daemon: path }]);
      unlinkSync(path);
      mkdirSync(path);
      await until(() => heard.length > 1, 'something else is there');
      expect(heard[1]).toMatchObject({ step: 'endpoint.fault' });
      rmdirSync(path);
    },
  );

  test.runIf(socketsAreFiles)('of a step of its end, or of undoing its start, that fails', async () => {
    const home = temporaryDirectory();
    const heard = hearSteps(undefined, /-failed$/);
    const folder = join(home, 'a');
    mkdirSync(folder);
    const { daemon } = await testDaemon({ socketPath: join(folder, 's') });
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    await daemon.close();
    expect(heard.map(({ step }) => step)).toEqual(['daemon.stop-failed']);
    const other = join(home, 'b');
    mkdirSync(other);
    const names = JSON.stringify([other, `${other}.away`]);
    const fails = `import { renameSync, writeFileSync } from 'node:fs';
      const [folder, away] = ${names};
      renameSync(folder, away);
      writeFileSync(folder, '');
      throw new Error('spoilt')`;
    const commands = `data:text/javascript,${encodeURIComponent(fails)}`;
    await expect(testDaemon({ socketPath: join(other, 's'), commands })).rejects.toThrow(/: spoilt$/);
    expect(heard.map(({ step }) => step)).toEqual(['daemon.stop-failed', 'daemon.undo-failed']);
  });

  test('of a handler that fails, in the thread of the handler', async () => {
    const { path } = await testDaemon({ workers: { isolation: 'none' } });
    const heard = hearSteps(path, /^command/);
    const client = await RawClient.connect(path);
    await client.request(act('throw', { text: 'oh' }));
    expect(heard).toMatchObject([{ step: 'command.failed', err: { message: 'oh' } }]);
  });

  test('of a subscriber that is cut', async () => {
    const { path, daemon } = await testDaemon({
      subscribers: { queueBytes: 64 * 1024, stallGrace: 50, whenFull: 'disconnect' },
      connections: { frameTimeout: 300 },
    });
    const heard = hearSteps(path, /^(connection|subscriber)\./);
    const stalled = await RawClient.connect(path);
    await stalled.request(ALL);
    stalled.socket.pause();
    await publish(daemon, 6000);
    await until(() => daemon.stats().connections.open === 0, 'it is cut');
    expect(heard.map(({ step }) => step)).toEqual([
      'connection.opened',
      'subscriber.cut',
      'connection.closed',
    ]);
  });

  test.each(['thread', 'process', 'none'] as const)(
    'of events that publish() refuses, and of a command that runs past its deadline (%s)',
    async (isolation) => {
      const lines: string[] = [];
      const log = pino({}, { write: (line) => void lines.push(line) });
      const { path, daemon } = await testDaemon({ log, workers: { isolation, commandTimeout: 300 } });
      const heard = hearSteps(path);
      const client = await RawClient.connect(path);
      expect(await client.request(act('hang', { file: join(temporaryDirectory(), 'f') }))).toMatchObject({
        Error: { code: 'COMMAND_TIMEOUT' },
      });
      expect(heard).toContainEqual({ step: 'command.timed-out', daemon: path, connectionId: 1 });
      expect(daemon.stats().commands).toEqual({ received: 1, answered: 1, failed: 1, timedOut: 1 });
      const subscriber = await RawClient.connect(path);
      await subscriber.request(ALL);
      await client.request(act('flood'));
      const refused = () =>
        heard.reduce((sum, { step, count }) => sum + (step === 'events.refused' ? Number(count) : 0), 0);
      await until(() => refused() > 0 && refused() === daemon.stats().eventsRefused, 'all are told');
      const thread = isolation === 'none' ? 'main' : 'lane 1';
      expect(heard).toContainEqual(expect.objectContaining({ step: 'events.refused', thread }));
      // However many there are, the log is told of the first one.
      const told = (): string[] => lines.filter((line) => line.includes('PUBLISH_OVERRUN'));
      await until(() => told().length > 0, 'the log has it');
      expect(told()).toHaveLength(1);
    },
  );
});

async function publish(
  daemon: Awaited<ReturnType<typeof testDaemon>>['daemon'],
  count: number,
): Promise<void> {
  for (let n = 0; n < count; n += 1)
    await daemon.publish({ eventType: 'log_line', data: { n, padding: 'x'.repeat(300) } });
}
