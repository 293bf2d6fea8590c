// A pool with real threads and a clock of the test's own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Job, Origin } from '#dist/ports.js';
import { LanePool } from '#dist/workers/lanes/pool.js';
import { untold } from '#dist/telemetry/diagnostics.js';
import { threadLane } from '#dist/workers/thread-tier/thread-lane.js';
import { logSettings } from '#dist/workers/lanes/thread-log.js';
import { act, fixture, neverLoads, temporaryDirectory } from '../../support/daemon.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../../support/until.js';

describe('the lanes', () => {
  /** A pool with a clock of the test's own, its threads real. */
  function makePool({ maxThreads = 1, module = fixture('commands.js').href } = {}) {
    const clock = new FakeClock();
    const log = pino({ level: 'silent' });
    const start = {
      daemon: '/test',
      module,
      workerData: undefined,
      log: logSettings(log),
      maxMessageSize: 1024 * 1024,
      refused: new SharedArrayBuffer(8),
      commandTimeout: 60_000,
      elsewhere: [],
      measureLoops: false,
    };
    const settings = {
      start,
      thread: {},
      unresponsiveAfter: 60_000,
      onEvents: () => undefined,
      log: { line: () => undefined, lost: () => undefined, refused: () => undefined },
    };
    const pool = new LanePool({
      isolation: 'thread',
      minThreads: 1,
      maxThreads,
      tell: untold,
      clock,
      createLane: (id, hooks) => threadLane(id, settings, hooks),
      connectService: () => 'there is none',
      onCapacity: () => undefined,
    });
    onTestFinished(() => pool.close());
    const states = () => pool.stats().lanes.map(({ state }) => state);
    /** A command that keeps a lane busy for so long; resolves when it is answered. */
    const busy = (ms: number) =>
      new Promise<void>((resolve) => {
        const origin = {
          connectionId: 1,
          respond: () => undefined,
          recall: () => undefined,
          yieldCapacity: () => undefined,
        };
        const payload = Buffer.from(JSON.stringify(act('busy', { ms })));
        const end = (): void => resolve();
        const job = { origin, payload, slot: -1, sequence: -1, answered: end, failed: end };
        pool.pick()?.offer({ ...job, subscribe: end, unsubscribe: end });
      });
    return { clock, pool, states, busy };
  }

  test('another is added if all are busy, up to their limit, and ended after 30 s without a command', async () => {
    const { clock, pool, states, busy } = makePool({ maxThreads: 2 });
    await pool.start();
    const answered = busy(1000);
    await until(() => {
      clock.advance(50);
      return states().length === 2;
    }, 'a second lane is started');
    await answered;
    await until(() => states()[1] === 'ready', 'the second one is ready');
    await until(() => {
      if (states()[0] === 'late') clock.advance(50);
      return states().join() === 'ready,ready';
    }, 'the first one is ready again');
    clock.advance(29_000);
    expect(states()).toEqual(['ready', 'ready']);
    for (let step = 0; step < 100 && !states().includes('ending'); step += 1) clock.advance(500);
    await until(() => states().join() === 'ready', 'one has ended');
    for (let look = 0; look < 3; look += 1) {
      pool.pick();
      clock.advance(60_000);
    }
    // On a busy machine another lane may have seemed to be needed.
    expect(states().filter((state) => state !== 'ending')).toEqual(['ready']);
    expect(pool.stats().deaths).toBe(0);
  });

  test('no lane is added above their limit', async () => {
    const { clock, pool, states, busy } = makePool();
    await pool.start();
    const answered = busy(500);
    await until(() => {
      clock.advance(50);
      return states().join() === 'late';
    }, 'the only one is late');
    for (let look = 0; look < 20; look += 1) clock.advance(50);
    expect(states()).toHaveLength(1);
    await answered;
  });

  test('a lane whose module is not loaded in 30 s is given up, with a sentence', async () => {
    const begun = join(temporaryDirectory(), 'begun');
    const { clock, pool } = makePool({ module: neverLoads(begun) });
    const starting = expect(pool.start()).rejects.toThrow('not loaded within 30000 ms');
    await until(() => existsSync(begun), 'its module is being loaded');
    clock.advance(30_000);
    await starting;
  });

  test('a new lane is tried when the period of too many deaths is over', async () => {
    const DYING = `export default {
      kind: 'bunctl-ipc.commands',
      setUp() {
        setTimeout(() => process.exit(1), 20);
        return {};
      },
    };`;
    const { clock, pool, states } = makePool({ module: `data:text/javascript,${encodeURIComponent(DYING)}` });
    await pool.start();
    await until(() => pool.down !== undefined, 'they are given up');
    expect(pool.stats().deaths).toBe(6);
    clock.advance(9999);
    expect(states()).toEqual([]);
    clock.advance(1);
    await until(() => pool.stats().deaths === 12, 'there were new ones, and they died too');
  });
});

describe('a late lane', () => {
  function job(request: unknown) {
    const answers: string[] = [];
    const origin: Origin = {
      connectionId: 1,
      respond: (frames) => void answers.push(Buffer.from(frames.subarray(4)).toString()),
      recall: () => undefined,
      yieldCapacity: () => undefined,
    };
    const created: Job = {
      origin,
      payload: Buffer.from(JSON.stringify(request)),
      slot: -1,
      sequence: -1,
      answered: () => undefined,
      subscribe: () => undefined,
      unsubscribe: () => undefined,
      failed: ({ message }) => void answers.push(message),
    };
    return { job: created, answers };
  }

  async function makeLane() {
    const told = { ready: false, capacity: 0, ended: false, late: [] as boolean[] };
    const lane = threadLane(
      1,
      {
        start: {
          daemon: '/test',
          module: fixture('commands.js').href,
          workerData: undefined,
          log: logSettings(pino({ level: 'silent' })),
          maxMessageSize: 1024 * 1024,
          refused: new SharedArrayBuffer(8),
          commandTimeout: 60_000,
          elsewhere: [],
          measureLoops: false,
        },
        thread: {},
        unresponsiveAfter: 60_000,
        onEvents: () => undefined,
        log: { line: () => undefined, lost: () => undefined, refused: () => undefined },
      },
      {
        onReady: () => (told.ready = true),
        onCapacity: () => (told.capacity += 1),
        onLate: (late) => told.late.push(late),
        onEnd: () => (told.ended = true),
      },
    );
    lane.connectService('there is none');
    onTestFinished(() => lane.kill('the test is over'));
    await until(() => told.ready, 'it is ready');
    return { lane, told };
  }

  test('takes no commands until its loop turns; then it takes them again and says so', async () => {
    const { lane, told } = await makeLane();
    const file = join(temporaryDirectory(), 'go');
    const waiting = job(act('waitFor', { file }));
    expect(lane.offer(waiting.job)).toBe(true);
    // Its loop may still turn once, for the batch.
    await until(() => {
      lane.watch(100);
      return lane.state === 'late';
    }, 'its loop has stopped');
    const { job: refused } = job('List');
    expect(lane.offer(refused)).toBe(false);
    expect(lane.load).toBe(1);
    const { capacity } = told;
    writeFileSync(file, '');
    await until(() => {
      lane.watch(0);
      return lane.state === 'ready';
    }, 'its loop turns');
    expect(told.capacity).toBeGreaterThan(capacity);
    expect(told.late).toEqual([true, false]);
    expect(lane.offer(refused)).toBe(true);
  });

  test('while a lane has not taken in its batches, further commands collect; they reach it afterwards', async () => {
    const { lane } = await makeLane();
    const file = join(temporaryDirectory(), 'go');
    const waiting = job(act('waitFor', { file }));
    lane.offer(waiting.job);
    const said: ReturnType<typeof job>[] = [];
    // Each turn of the loop would send a batch of its own.
    for (let n = 0; n < 10; n += 1) {
      const one = job(act('say', { text: `${n}` }));
      said.push(one);
      expect(lane.offer(one.job)).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    writeFileSync(file, '');
    await until(() => said.every(({ answers }) => answers.length > 0), 'all are answered');
    expect(said.map(({ answers }) => answers)).toEqual(
      said.map((_, n) => [`{"Success":{"message":"${n}"}}`]),
    );
    await until(() => lane.load === 0, 'nothing is left');
  });

  test('a command that is taken back and offered again reaches its lane once', async () => {
    const { lane } = await makeLane();
    const file = join(temporaryDirectory(), 'runs');
    const noted = job(act('note', { file, text: 'ran' }));
    for (let n = 0; n < 5; n += 1) {
      expect(lane.offer(noted.job)).toBe(true);
      expect(lane.recall(noted.job)).toBe(true);
    }
    expect(lane.load).toBe(0);
    lane.offer(noted.job);
    const last = job(act('say', { text: 'last' }));
    lane.offer(last.job);
    await until(() => last.answers.length > 0, 'all are answered');
    expect(readFileSync(file, 'utf8')).toBe('ran\n');
    expect(noted.answers).toHaveLength(1);
  });
});
