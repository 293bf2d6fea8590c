// A thread that does not start and a thread that does not end are both reported.
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { pino } from 'pino';
import { startDaemon } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SharedState } from '#dist/workers/link/claims.js';
import { logSettings } from '#dist/workers/lanes/thread-log.js';
import { remote } from '#dist/workers/link/closed-port.js';
import type { LaneStart } from '#dist/workers/link/messages.js';
import { WorkerThread } from '#dist/workers/thread-tier/worker-thread.js';
import { fixture, ownEndpoint, temporaryDirectory } from '../../support/daemon.js';
import { hasFifos, hasUlimit } from '../../support/platform.js';
import { until } from '../../support/until.js';
import { orFail } from '../../support/or-fail.js';

function laneThread(
  module: URL,
  workerData: unknown,
  resourceLimits = {},
  onMessage?: () => void,
): WorkerThread {
  const [calls, out] = [new MessageChannel(), new MessageChannel()];
  if (onMessage) out.port1.on('message', onMessage);
  remote(calls.port1).call('service', ['there is none']).catch(orFail);
  const task: LaneStart = {
    daemon: '/test',
    role: 'lane',
    name: 'lane 1',
    module: module.href,
    workerData,
    calls: calls.port2,
    out: out.port2,
    memory: new SharedState().memory as SharedArrayBuffer,
    log: logSettings(pino({ level: 'silent' })),
    maxMessageSize: 1024,
    refused: new SharedArrayBuffer(8),
    commandTimeout: 1000,
    elsewhere: [],
    measureLoops: false,
  };
  onTestFinished(() => {
    calls.port1.close();
    out.port1.close();
  });
  return new WorkerThread(task, [calls.port2, out.port2], { resourceLimits });
}

test('a thread that has loaded its module is not a busy one, and one that has nothing to do is none', async () => {
  let heard = false;
  const thread = laneThread(fixture('commands.js'), undefined, {}, () => (heard = true));
  onTestFinished(async () => {
    thread.kill();
    await thread.gone;
  });
  await until(() => heard, 'it has loaded its module');
  expect(thread.utilization()).toBe(0);
  await until(() => thread.utilization() < 0.5, 'its loop waits');
});

describe('a thread that cannot be set up ends at once, with its cause', () => {
  test.each([
    ['too little memory', { maxOldGenerationSizeMb: 4 }, 'memory limit'],
    ['a stack that the system does not give', { stackSizeMb: 1_000_000 }, /EAGAIN|EINVAL/],
  ])('%s', async (_what, resourceLimits, cause) => {
    const thread = laneThread(fixture('commands.js'), undefined, resourceLimits);
    expect((await thread.ended)?.message).toMatch(cause);
    await thread.gone;
  });

  test('and the daemon that needs it does not start, and reports the cause', async () => {
    const starting = startDaemon({
      socketPath: ownEndpoint(),
      commands: fixture('commands.js'),
      workers: { resourceLimits: { maxOldGenerationSizeMb: 4 } },
    });
    await expect(starting).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringContaining('memory limit') as string,
    });
  });

  test.runIf(hasUlimit).each(['thread', 'process'])(
    'a lack of descriptors is reported as such: %s',
    async (isolation) => {
      const script = fileURLToPath(fixture('daemon-out-of-files.js'));
      const path = ownEndpoint();
      const command = ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, script, path, isolation];
      const refusals = JSON.parse((await promisify(execFile)('sh', command)).stdout) as {
        code: string;
        message: string;
      }[];
      const ofLanes = refusals.filter(({ code }) => code === 'LANES_UNAVAILABLE');
      expect(ofLanes.length).toBeGreaterThan(0);
      for (const { message } of ofLanes) expect(message).toMatch(/EMFILE|too many open files/);
    },
  );
});

test.runIf(hasFifos)(
  'a thread that is killed in a system call has ended at once, and is gone when the call returns',
  async () => {
    const pipe = join(temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const thread = laneThread(fixture('reads-a-pipe.js'), pipe);
    let writer = -1;
    const hasReader = (): boolean => {
      try {
        writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
        return true;
      } catch {
        return false;
      }
    };
    await until(hasReader, 'it reads the pipe');
    let gone = false;
    thread.gone.then(() => (gone = true)).catch(orFail);
    thread.kill();
    expect(await thread.ended).toBeInstanceOf(Error);
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    expect(gone).toBe(false);
    closeSync(writer);
    await thread.gone;
  },
);

test('a thread whose task has ended is gone soon', async () => {
  const thread = laneThread(fixture('broken.js'), undefined);
  expect(await thread.ended).toBeInstanceOf(Error);
  await thread.gone;
});

test('a thread that is ended by a thrown null has ended with an error', async () => {
  const source = `export default {
    kind: 'bunctl-ipc.commands',
    setUp: () => new Promise(() => setImmediate(() => { throw null; })),
  };`;
  const module = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  expect(await laneThread(module, undefined).ended).toMatchObject({ message: 'thrown value: null' });
});

test('a thread that is killed while it loads its code ends, and the process goes on', async () => {
  const script = fileURLToPath(fixture('starts-and-kills.js'));
  const hook = fileURLToPath(fixture('tells-of-its-entry.cjs'));
  const child = promisify(execFile)(process.execPath, ['--require', hook, script, '16']);
  expect((await child).stdout).toBe('survived\n');
});

test('Piscina require()s a CommonJS file, since killing a thread that require()s an ES module aborts the process', () => {
  expect(existsSync(new URL('../../../dist/bundle/entry.cjs', import.meta.url))).toBe(true);
  expect(createRequire(import.meta.url)('#dist/bundle/entry.cjs')).toBeTypeOf('function');
});
