// A logger that cannot write loses lines, and neither the daemon nor a command.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Logger, pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { unfailing } from '#dist/unfailing-log.js';
import { act, temporaryDirectory, testDaemon } from './support/daemon.js';
import { RawClient } from './support/raw-client.js';
import { until } from './support/until.js';

const FULL = '/dev/full';

/** The descriptor of a pipe whose reader has ended. */
async function closedPipe(): Promise<number> {
  const child: ChildProcess = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin?.on('error', () => undefined);
  onTestFinished(() => void child.stdin?.destroy());
  const { fd } = (child.stdin as unknown as { _handle: { fd: number } })._handle;
  child.kill();
  await once(child, 'exit');
  return fd;
}

async function endedTransport(): Promise<DestinationStream> {
  const transport = pino.transport({
    target: 'pino/file',
    options: { destination: join(temporaryDirectory(), 'log') },
  }) as DestinationStream & { end(): void; on(event: string, listener: () => void): void };
  const closed = new Promise<void>((resolve) => transport.on('close', resolve));
  transport.end();
  await closed;
  return transport;
}

const destinations: [string, () => DestinationStream | Promise<DestinationStream>][] = [
  ['a full disk, at once', () => pino.destination({ dest: FULL, sync: true })],
  ['a full disk, later', () => pino.destination({ dest: FULL, sync: false })],
  ['a full disk, by a stream of Node', () => createWriteStream(FULL)],
  [
    'a full disk and others',
    () => pino.multistream([{ stream: pino.destination({ dest: FULL, sync: true }) }]),
  ],
  ['a closed pipe', async () => pino.destination({ fd: await closedPipe(), sync: true })],
  ['a thread that has ended', endedTransport],
  [
    'a stream that throws',
    () => ({
      write() {
        throw new Error('no');
      },
    }),
  ],
];

describe.runIf(existsSync(FULL)).each(destinations)('a daemon that logs to %s', (what, destination) => {
  test.each(['thread', 'none'] as const)('answers every command, and goes on (%s)', async (isolation) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    const log = pino({}, await destination());
    const { path, daemon } = await testDaemon({ log, workers: { isolation, maxThreads: 1 } });
    const client = await RawClient.connect(path);
    for (let n = 0; n < 3; n += 1) {
      const text = `line ${n}`;
      expect(await client.request(act('log', { text }))).toEqual({ Success: { message: 'logged' } });
      expect(await client.request(act('throw', { text }))).toMatchObject({ Error: { message: text } });
    }
    if (isolation === 'thread') {
      expect(await client.request(act('exit'))).toMatchObject({ Error: { code: 'COMMAND_OUTCOME_UNKNOWN' } });
    }
    expect(await client.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
    client.socket.end();
    expect(await daemon.close({ grace: 10_000 })).toBe(true);
    // An error of a stream that nobody listens to ends a process.
    expect(uncaught).toEqual([]);
    const told = () =>
      warn.mock.calls.filter(([, options]) => (options as { code?: string }).code === 'BUNCTL_LOG_LOST');
    // A stream may say late that the disk is full: the next test would hear of it.
    if (what.startsWith('a full disk')) await until(() => told().length > 0, 'the loss is told');
    // The lost lines are told once, if at all: pino itself says nothing of a closed pipe.
    expect(told().slice(1)).toEqual([]);
  });
});

describe('the logger that a daemon uses', () => {
  test('is the embedder’s in everything else', () => {
    const lines: string[] = [];
    const given = pino(
      { customLevels: { foo: 35 }, base: null, timestamp: false },
      { write: (line) => void lines.push(line) },
    );
    const log = unfailing(given as unknown as Logger);
    log.info({ a: 1 }, 'one');
    log.child({ part: 'ipc' }).warn('two');
    (log as unknown as Record<string, (text: string) => void>)['foo']?.('three');
    log.level = 'error';
    log.info('four');
    expect(given.level).toBe('error');
    expect([log.bindings(), log.isLevelEnabled('info'), log.levels]).toEqual([{}, false, given.levels]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 30, a: 1, msg: 'one' },
      { level: 40, part: 'ipc', msg: 'two' },
      { level: 35, msg: 'three' },
    ]);
  });

  test('tells of the first line that is lost', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    const write = (): never => {
      throw new Error('no space');
    };
    const log = unfailing(pino({}, { write }));
    log.error('one');
    log.child({}).error('two');
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain('no space');
  });
});
