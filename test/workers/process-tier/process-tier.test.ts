// Lanes in processes: what their daemon promises about them, beyond what every lane promises.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { statOf } from '#dist/supervisor/system/stat.js';
import { act, fixture, ownEndpoint, temporaryDirectory, testDaemon } from '../../support/daemon.js';
import { alive } from '../../support/manager.js';
import { hasFifos, hasProc, signalsAreMessages } from '../../support/platform.js';
import { RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

const PROCESS = { isolation: 'process', minThreads: 1, maxThreads: 1 } as const;
const LIST = { Data: { data: ['a', 'b'] } };
const said = (message: string) => ({ Success: { message } });
const anError = (part: string) => ({
  Error: { message: expect.stringContaining(part) as string, code: 'COMMAND_OUTCOME_UNKNOWN' },
});
const pidOf = async (client: RawClient): Promise<number> =>
  Number(((await client.request(act('pid'))) as { Success: { message: string } }).Success.message);

describe('a lane in a process', () => {
  test('runs handlers in a process of its own', async () => {
    const { path } = await testDaemon({ workers: PROCESS });
    const client = await RawClient.connect(path);
    const pid = await pidOf(client);
    expect(pid).not.toBe(process.pid);
    expect(await pidOf(client)).toBe(pid);
  });

  test('does not run the daemon’s program again that was given on the command line', async () => {
    const commands = fixture('commands.js').href;
    const program = `
      import { startDaemon } from 'bunctl-ipc';
      console.log('begun');
      const daemon = await startDaemon({
        socketPath: process.argv[1],
        commands: ${JSON.stringify(commands)},
        workers: { isolation: 'process', maxThreads: 1 },
      });
      console.log(daemon.stats().lanes.length, 'lane');
      await daemon.close();`;
    const args = ['--input-type=module', '-e', program, ownEndpoint()];
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
    expect(stdout).toBe('begun\n1 lane\n');
  });

  /** What a daemon answers that starts in a folder that no longer exists, or why it does not start. */
  async function inRemovedFolder(isolation: 'process' | 'thread'): Promise<string> {
    const commands = join(temporaryDirectory(), 'commands.mjs');
    writeFileSync(
      commands,
      `import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      export default {
        kind: 'bunctl-ipc.commands',
        setUp: () => ({
          async List() {
            const [code] = await once(new Worker('', { eval: true }), 'exit');
            return { Data: { data: [process.cwd(), code] } };
          },
        }),
      };`,
    );
    const program = `
      import { mkdirSync, rmdirSync } from 'node:fs';
      import { startDaemon } from 'bunctl-ipc';
      import { IpcClient } from 'bunctl-ipc/client';
      const [, socketPath, folder] = process.argv;
      mkdirSync(folder);
      process.chdir(folder);
      rmdirSync(folder);
      try {
        const workers = { isolation: '${isolation}', maxThreads: 1 };
        const daemon = await startDaemon({ socketPath, commands: ${JSON.stringify(commands)}, workers });
        const client = await IpcClient.connect(socketPath);
        console.log(JSON.stringify((await client.request('List')).Data.data));
        await client.close();
        await daemon.close();
      } catch (error) {
        console.log(error.message);
        process.exit();
      }`;
    const folder = join(temporaryDirectory(), 'removed');
    const args = ['--input-type=module', '-e', program, ownEndpoint(), folder];
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    return (await promisify(execFile)(process.execPath, args, { cwd })).stdout.trim();
  }

  test.skipIf(!hasFifos)(
    'of a daemon whose folder was removed runs in the root, with its threads',
    async () => {
      expect(await inRemovedFolder('process')).toBe('["/",0]');
      expect(await inRemovedFolder('thread')).toContain('call process.chdir() with a folder that exists');
    },
  );

  test('that is killed from outside: its caller is told, and what it had not begun runs in the next', async () => {
    const directory = temporaryDirectory();
    const { path, daemon } = await testDaemon({ workers: PROCESS });
    const client = await RawClient.connect(path);
    const other = await RawClient.connect(path);
    const pid = await pidOf(client);
    const begun = join(directory, 'begun');
    const then = { do: 'waitFor', file: join(directory, 'never') };
    client.send(act('note', { file: begun, text: 'begun', then }), act('say', { text: 'after' }));
    await until(() => existsSync(begun), 'the first has begun');
    await until(() => daemon.stats().lanes[0]?.inFlight === 2, 'both are there');
    other.send(act('say', { text: 'of another' }));
    await until(() => daemon.stats().lanes[0]?.inFlight === 3, 'the third as well');
    process.kill(pid, 'SIGKILL');
    expect(await client.take(2)).toEqual([anError('outcome of the command is unknown'), said('after')]);
    expect(await other.next()).toEqual(said('of another'));
    expect(daemon.stats()).toMatchObject({ laneDeaths: 1, lanes: [{ id: 2, state: 'ready' }] });
  });

  test.skipIf(!hasProc)(
    'that holds more memory than it may is killed, and its caller is told why',
    async () => {
      const { path } = await testDaemon({ workers: { ...PROCESS, maxMemory: 160 * 1024 ** 2 } });
      const client = await RawClient.connect(path);
      client.send(act('buffers', { megabytes: 3000 }), 'List');
      expect(await client.take(2)).toEqual([anError('of memory, more than 160 MB'), LIST]);
    },
  );

  test.skipIf(!hasProc)('has no descriptor of the daemon beside stdout, stderr and its own', async () => {
    const secret = join(temporaryDirectory(), 'secret');
    writeFileSync(secret, '');
    const held = openSync(secret, 'r');
    onTestFinished(() => closeSync(held));
    const { path } = await testDaemon({ workers: PROCESS });
    const client = await RawClient.connect(path);
    const answer = (await client.request(act('descriptors'))) as { Data: { data: string[] } };
    // What this process has opened, but not what was left open for it and its children.
    const own = readdirSync('/proc/self/fd').filter((fd) => Number(fd) > 2 && closesOnExec(fd));
    const links = own.map((fd) => linkOf(fd)).filter((link) => !/^(anon_inode:.*|\/dev\/null)$/.test(link));
    expect(links).toContain(secret);
    expect(answer.Data.data.filter((link) => links.includes(link))).toEqual([]);
  });

  test('ends with its daemon, even if the daemon is killed while a handler spins', async () => {
    const socket = ownEndpoint();
    const options = JSON.stringify({ workers: PROCESS });
    const daemon = spawn(process.execPath, [fileURLToPath(fixture('daemon.js')), socket, '', options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void daemon.kill('SIGKILL'));
    await once(daemon.stdout, 'data');
    const client = await RawClient.connect(socket);
    const pid = await pidOf(client);
    // A process that is not in a handler ends by itself when its channel closes.
    const begun = join(temporaryDirectory(), 'begun');
    client.send(act('note', { file: begun, text: 'begun', then: { do: 'spin' } }));
    await until(() => existsSync(begun), 'the handler spins');
    daemon.kill('SIGKILL');
    await until(() => !alive(pid), 'its process has ended');
  });

  test.skipIf(!signalsAreMessages)(
    'is not ended by the signals that a terminal or an init sends',
    async () => {
      const { path, daemon } = await testDaemon({ workers: PROCESS });
      const client = await RawClient.connect(path);
      const pid = await pidOf(client);
      // It leads a group of its own, so that Ctrl-C does not even reach it.
      if (hasProc) expect(statOf(pid)?.group).toBe(pid);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
      expect(await client.request('List')).toEqual(LIST);
      expect(await pidOf(client)).toBe(pid);
      expect(daemon.stats().laneDeaths).toBe(0);
    },
  );

  test('takes large commands and gives large answers', async () => {
    const { path } = await testDaemon({ workers: PROCESS });
    const client = await RawClient.connect(path);
    client.send(
      act('size', { padding: 'x'.repeat(3_000_000) }),
      ...Array.from({ length: 3 }, () => act('large', { bytes: 4_000_000 })),
      'List',
    );
    const [size, ...large] = await client.take(5);
    expect(size).toEqual(said('3000000'));
    expect(
      large.slice(0, 3).map((answer) => (answer as { Data: { data: string } }).Data.data.length),
    ).toEqual(Array(3).fill(4_000_000));
    expect(large[3]).toEqual(LIST);
  });

  test('for a client that does not read: few of its commands run, their answers wait, and none is lost', async () => {
    const { path, daemon } = await testDaemon({ workers: PROCESS });
    const client = await RawClient.connect(path);
    client.socket.pause();
    client.send(...Array.from({ length: 100 }, () => act('large', { bytes: 1_000_000 })), 'List');
    await until(() => daemon.stats().connections.queuedBytes > 10_000_000, 'answers wait');
    // Others are served, and what waits does not grow.
    const other = await RawClient.connect(path);
    for (let n = 0; n < 20; n += 1) expect(await other.request('List')).toEqual(LIST);
    expect(daemon.stats().connections.queuedBytes).toBeLessThan(20_000_000);
    client.socket.resume();
    const answers = await client.take(101);
    expect(answers[100]).toEqual(LIST);
    expect(daemon.stats()).toMatchObject({ laneDeaths: 0, connections: { evicted: 0 } });
  });

  test('calls the service, also the next one after the service has died, and is told what it answers with', async () => {
    const { path } = await testDaemon({ workers: PROCESS, service: fixture('service.js') });
    const client = await RawClient.connect(path);
    const call = (method: string, ...args: unknown[]) => act('call', { method, args });
    expect(await client.request(call('add', 5))).toEqual({ Data: { data: 5 } });
    expect(await client.request(call('nothingOfTheKind'))).toMatchObject({
      Error: { code: 'SERVICE_METHOD_UNKNOWN' },
    });
    expect(await client.request(call('exit'))).toMatchObject({ Error: { code: 'SERVICE_UNAVAILABLE' } });
    await until(async () => 'Data' in ((await client.request(call('add', 1))) as object), 'it is back');
  });

  test('publishes more than its window without a loss while a subscriber reads', async () => {
    const { path } = await testDaemon({ workers: PROCESS });
    const subscriber = await RawClient.connect(path);
    await subscriber.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
    const client = await RawClient.connect(path);
    client.send(act('publish', { app: 'a', count: 2000, padding: 'x'.repeat(4000) }));
    const events = (await subscriber.take(2000)) as { Event: { data: { n: number } } }[];
    expect(events.map(({ Event }) => Event.data.n)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(await client.next()).toEqual(said('2000 published'));
  });

  test('logs through the daemon’s logger, or straight to a descriptor', async () => {
    let log = '';
    const stream = { write: (line: string) => void (log += line) };
    const { path } = await testDaemon({ workers: PROCESS, log: pino({}, stream) });
    await (await RawClient.connect(path)).request(act('log', { text: 'through the daemon' }));
    await until(() => log.includes('through the daemon'), 'the line has come');

    const file = join(temporaryDirectory(), 'log');
    const direct = await testDaemon({
      workers: { ...PROCESS, logFd: openSync(file, 'a') },
      log: pino({}, stream),
    });
    await (await RawClient.connect(direct.path)).request(act('log', { text: 'straight' }));
    await until(() => readFileSync(file, 'utf8').includes('straight'), 'the line is in the file');
  });

  test('that sends its daemon a message that is none of the protocol is ended, and harms nobody', async () => {
    const forging = `export default {
      kind: 'bunctl-ipc.commands',
      setUp: () => ({
        List: () => ({ Data: { data: ['a', 'b'] } }),
        Status({ name }) {
          process.send({ port: 'out', posted: { message: JSON.parse(name) } });
          return new Promise(() => undefined);
        },
      }),
    };`;
    const { path, daemon } = await testDaemon({
      commands: `data:text/javascript,${encodeURIComponent(forging)}`,
      workers: PROCESS,
    });
    const client = await RawClient.connect(path);
    const forged = [
      { events: { buffer: {}, runs: [{ eventType: 'x', appName: null, count: 1, bytes: 1e9 }] } },
      { events: {} },
      { answers: {} },
      { log: 5 },
      'nonsense',
    ];
    for (const [n, message] of forged.entries()) {
      expect(await client.request({ Status: { name: JSON.stringify(message) } })).toEqual(
        anError('its worker failed'),
      );
      expect(await client.request('List')).toEqual(LIST);
      expect(daemon.stats().laneDeaths).toBe(n + 1);
    }
  });

  test('that cannot be started is told as any module that does not load', async () => {
    await expect(testDaemon({ workers: PROCESS, commands: fixture('broken.js') })).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringContaining('this module does not load') as string,
    });
  });

  test.skipIf(!hasFifos)(
    'in a system call that does not return: it is killed, and the daemon closes',
    async () => {
      const file = join(temporaryDirectory(), 'fifo');
      execFileSync('mkfifo', [file]);
      const { path, daemon } = await testDaemon({ workers: { ...PROCESS, unresponsiveAfter: 500 } });
      const client = await RawClient.connect(path);
      const pid = await pidOf(client);
      client.send(act('fifo', { file }), 'List');
      expect(await client.take(2)).toEqual([anError('did not respond'), LIST]);
      expect(alive(pid)).toBe(false);
      expect(daemon.stats().stuckThreads).toBe(0);
    },
  );
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

function closesOnExec(fd: string): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return (Number.parseInt(flags ?? '0', 8) & 0o2000000) !== 0;
  } catch {
    return false;
  }
}
