// The small machines of the workers' room, each with a clock of the test's own.
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { fc, test as property } from '@fast-check/vitest';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '#dist/ports.js';
import { ANSWER, type BatchEntry } from '#dist/workers/link/batch.js';
import type { CommandHandlers } from '#dist/define.js';
import { Deadlines } from '#dist/workers/run/deadlines.js';
import { Executor } from '#dist/workers/run/executor.js';
import { Intensity } from '#dist/workers/lanes/intensity.js';
import { LanePool } from '#dist/workers/lanes/pool.js';
import type { LaneHooks, PooledLane } from '#dist/workers/lanes/pooled-lane.js';
import { messageBytes, Outbox, type OutboxMessage } from '#dist/workers/link/outbox.js';
import { Publisher } from '#dist/workers/run/publisher.js';
import { ServiceClient } from '#dist/workers/run/service-client.js';
import { SharedState, SLOTS } from '#dist/workers/link/claims.js';
import { Slots } from '#dist/workers/lanes/slots.js';
import { Watchdog } from '#dist/workers/lanes/watchdog.js';
import { FakeClock } from '../support/fake-clock.js';

describe('the watchdog', () => {
  test('asks a lane that has work, calls it late after 100 ms and dead after its time', () => {
    const watchdog = new Watchdog(1000, () => 0);
    expect(watchdog.look(50, true)).toBe('ask');
    expect(watchdog.late).toBe(false);
    expect(watchdog.look(50, true)).toBe('wait');
    expect(watchdog.late).toBe(true);
    expect(watchdog.look(850, true)).toBe('wait');
    expect(watchdog.look(50, true)).toBe('dead');
  });

  test('forgets all of it when the loop turns', () => {
    let beats = 0;
    const watchdog = new Watchdog(1000, () => beats);
    watchdog.look(50, true);
    watchdog.look(900, true);
    beats += 1;
    expect(watchdog.look(500, true)).toBe('wait');
    expect([watchdog.late, watchdog.silent]).toEqual([false, 0]);
    expect(watchdog.look(50, true)).toBe('ask');
  });

  test('leaves an idle lane asleep, however long', () => {
    const watchdog = new Watchdog(1000, () => 0);
    for (let look = 0; look < 100; look += 1) expect(watchdog.look(1000, false)).toBe('wait');
    expect(watchdog.late).toBe(false);
  });

  test('goes on watching a lane that was asked and lost its work', () => {
    const watchdog = new Watchdog(1000, () => 0);
    watchdog.look(50, true);
    expect(watchdog.look(1000, false)).toBe('dead');
  });
});

describe('deadlines', () => {
  test('each comes due on its own time, with one timer for all', () => {
    const clock = new FakeClock();
    const due: [string, number][] = [];
    const deadlines = new Deadlines<string>(clock, 100, (item) => due.push([item, clock.now()]));
    deadlines.add('a');
    clock.advance(30);
    deadlines.add('b');
    deadlines.add('c');
    expect(clock.pending).toBe(1);
    deadlines.delete('b');
    clock.advance(200);
    expect(due).toEqual([
      ['a', 100],
      ['c', 130],
    ]);
    expect(clock.pending).toBe(0);
  });

  property.prop([fc.array(fc.record({ wait: fc.nat(50), keep: fc.boolean() }), { maxLength: 50 })])(
    'none is early, none is forgotten, none that was deleted comes',
    (items) => {
      const clock = new FakeClock();
      const due = new Map<number, number>();
      const deadlines = new Deadlines<number>(clock, 100, (item) => due.set(item, clock.now()));
      const expected = new Map<number, number>();
      for (const [index, { wait, keep }] of items.entries()) {
        clock.advance(wait);
        deadlines.add(index);
        if (keep) expected.set(index, clock.now() + 100);
        else deadlines.delete(index);
      }
      clock.advance(1000);
      expect(due).toEqual(expected);
    },
  );
});

test('the intensity lets five restarts in ten seconds through, and then waits for the period', () => {
  const intensity = new Intensity(5, 10_000);
  for (let n = 0; n < 5; n += 1) expect(intensity.restart(n * 1000)).toBe(0);
  expect(intensity.restart(5000)).toBe(10_000);
  expect(intensity.restart(16_000)).toBe(0);
});

describe('the pool of lanes', () => {
  /** A lane that does what the test says: `busy` is its loop's, `load` its commands'. */
  class FakeLane implements PooledLane {
    state: PooledLane['state'] = 'starting';
    load = 0;
    busy = 0;
    looks = 0;

    constructor(
      readonly id: number,
      readonly hooks: LaneHooks,
    ) {}

    get working(): boolean {
      return this.load > 0;
    }
    offer = (): boolean => true;
    recall = (): boolean => true;
    utilization = (): number => this.busy;
    watch(): void {
      this.looks += 1;
    }
    /** A loop that does not turn does not end. */
    stuck = false;
    end(): void {
      this.state = 'ending';
      if (!this.stuck) this.die();
    }
    kill(because: string): void {
      this.die(new Error(because));
    }
    /** One that is stuck in a system call is never gone. */
    gone: Promise<void> = Promise.resolve();
    attachService = (): void => undefined;
    detachService = (): void => undefined;

    ready(): void {
      this.state = 'ready';
      this.hooks.onReady();
    }
    die(error?: Error): void {
      this.state = 'dead';
      this.hooks.onEnd(error);
    }
  }

  async function pool(minThreads: number, maxThreads: number) {
    const clock = new FakeClock();
    const lanes: FakeLane[] = [];
    const created = new LanePool({
      minThreads,
      maxThreads,
      clock,
      log: pino({ level: 'silent' }),
      createLane(id, hooks) {
        const lane = new FakeLane(id, hooks);
        lanes.push(lane);
        return lane;
      },
      connectService: () => undefined,
      onRoom: () => undefined,
    });
    const started = created.start();
    for (const lane of lanes) lane.ready();
    await started;
    const ids = (): number[] => created.stats().lanes.map(({ id }) => id);
    return { pool: created, clock, lanes, ids };
  }

  const lane = (lanes: readonly FakeLane[], index: number): FakeLane => lanes[index] as FakeLane;

  test('adds a lane when every one is busy, up to the most, and ends it after 30 s without a command', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    expect(ids()).toEqual([1, 2]);
    lane(made, 1).ready();
    Object.assign(lane(made, 1), { load: 1, busy: 1 });
    clock.advance(1000);
    expect(ids()).toEqual([1, 2]);
    for (const each of made) Object.assign(each, { load: 0, busy: 0 });
    clock.advance(29_000);
    expect(ids()).toEqual([1, 2]);
    clock.advance(31_000);
    expect(ids()).toHaveLength(1);
  });

  test('adds a lane when every one is full, though its loop only waits', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    lane(made, 0).load = 1024;
    clock.advance(50);
    expect(ids()).toEqual([1, 2]);
  });

  test('kills an idle lane that does not end in five seconds', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    lane(made, 1).ready();
    for (const each of made) Object.assign(each, { load: 0, busy: 0, stuck: true });
    const states = () => made.map(({ state }) => state).toSorted();
    for (let step = 0; step < 100 && !states().includes('ending'); step += 1) clock.advance(1000);
    clock.advance(3_999);
    expect(states()).toEqual(['ending', 'ready']);
    clock.advance(1_001);
    expect([states(), ids().length]).toEqual([['dead', 'ready'], 1]);
  });

  test('watches from the next command on, also while a lane rests before its end', async () => {
    const { pool: lanes, clock, lanes: made } = await pool(1, 2);
    lanes.pick();
    Object.assign(lane(made, 0), { load: 1, busy: 1 });
    clock.advance(50);
    lane(made, 1).ready();
    Object.assign(lane(made, 0), { load: 0, busy: 0 });
    clock.advance(1000);
    const { looks } = lane(made, 0);
    lanes.pick();
    lane(made, 0).load = 1;
    clock.advance(100);
    expect(lane(made, 0).looks).toBe(looks + 2);
  });

  test('looks at nothing while nothing is to be done', async () => {
    const { clock } = await pool(2, 2);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test('gives a command to the least loaded lane that answers', async () => {
    const { pool: lanes, lanes: made } = await pool(3, 3);
    Object.assign(lane(made, 0), { load: 2 });
    Object.assign(lane(made, 1), { load: 0, state: 'late' });
    Object.assign(lane(made, 2), { load: 1 });
    expect(lanes.pick()).toBe(made[2]);
    Object.assign(lane(made, 2), { load: 1024 });
    expect(lanes.pick()).toBe(made[0]);
    // A full one too: it makes room by what stands behind others' first commands.
    Object.assign(lane(made, 0), { state: 'ending' });
    expect(lanes.pick()).toBe(made[2]);
    Object.assign(lane(made, 2), { state: 'ending' });
    expect(lanes.pick()).toBeUndefined();
  });

  test('replaces a lane that died, five times in ten seconds; then says so until the period is over', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 1);
    for (let deaths = 0; deaths < 5; deaths += 1) {
      made.at(-1)?.die(new Error('x'));
      expect(ids()).toEqual([deaths + 2]);
      made.at(-1)?.ready();
    }
    expect(lanes.down).toBeUndefined();
    made.at(-1)?.die(new Error('x'));
    expect(ids()).toEqual([]);
    expect(lanes.down).toMatchObject({ code: 'LANES_UNAVAILABLE' });
    await lane(made, 0).gone;
    clock.advance(9_999);
    expect(ids()).toEqual([]);
    clock.advance(1);
    expect(ids()).toEqual([7]);
    made.at(-1)?.ready();
    expect(lanes.down).toBeUndefined();
  });

  test('makes no more than twice its threads while some do not end, says so, and goes on when they do', async () => {
    const { pool: lanes, clock, lanes: made, ids } = await pool(1, 1);
    let ends = (): void => undefined;
    const gone = new Promise<void>((resolve) => (ends = resolve));
    Object.assign(lane(made, 0), { gone }).die(new Error('x'));
    lane(made, 1).ready();
    clock.advance(1000);
    Object.assign(lane(made, 1), { gone }).die(new Error('x'));
    lane(made, 2).ready();
    clock.advance(1000);
    lane(made, 2).die(new Error('x'));
    expect([ids(), lanes.stats().stuck]).toEqual([[], 2]);
    expect(lanes.down?.message).toContain('2 threads do not end');
    clock.advance(10_000);
    expect(ids()).toEqual([]);
    ends();
    await gone;
    clock.advance(10_000);
    expect([ids(), lanes.stats().stuck]).toEqual([[4], 0]);
  });

  test('kills a lane whose module is not loaded in time', async () => {
    const { clock, lanes: made, ids } = await pool(1, 1);
    lane(made, 0).die(new Error('x'));
    clock.advance(30_000);
    expect([lane(made, 1).state, ids()]).toEqual(['dead', [3]]);
  });
});

describe('the publisher', () => {
  const make = (window = 1000) => {
    const sent: string[] = [];
    const publisher = new Publisher({
      send: ({ text }) => void sent.push(text),
      maxMessageSize: 10_000,
      window,
    });
    return { publisher, sent };
  };
  const sized = (bytes: number) => ({ eventType: 'e', data: 'x'.repeat(bytes - 42) });
  const state = async (promise: Promise<void>): Promise<string> =>
    Promise.race([
      promise.then(
        () => 'resolved',
        (error: unknown) => (error as { code: string }).code,
      ),
      new Promise<string>((resolve) => setImmediate(() => resolve('pending'))),
    ]);

  test('resolves at once while there is credit, then as it comes back, in order', async () => {
    const { publisher, sent } = make();
    const outcomes = [400, 400, 400, 400].map((bytes) => publisher.publish(sized(bytes)));
    expect(await Promise.all(outcomes.map(state))).toEqual(['resolved', 'resolved', 'pending', 'pending']);
    publisher.release(400);
    expect(await Promise.all(outcomes.map(state))).toEqual(['resolved', 'resolved', 'resolved', 'pending']);
    publisher.release(800);
    expect(sent).toHaveLength(4);
  });

  test('refuses what is not awaited past a second window', async () => {
    const { publisher } = make();
    const outcomes = Array.from({ length: 6 }, () => publisher.publish(sized(500)));
    expect(await Promise.all(outcomes.map(state))).toEqual([
      'resolved',
      'resolved',
      'pending',
      'pending',
      'PUBLISH_OVERRUN',
      'PUBLISH_OVERRUN',
    ]);
    publisher.close();
    expect(await Promise.all(outcomes.slice(2, 4).map(state))).toEqual(['PUBLISH_CLOSED', 'PUBLISH_CLOSED']);
    expect(await state(publisher.publish(sized(100)))).toBe('PUBLISH_CLOSED');
  });

  test('sends an event larger than the window when nothing else is under way', async () => {
    const { publisher, sent } = make();
    const [small, large] = [publisher.publish(sized(100)), publisher.publish(sized(5000))];
    expect(await Promise.all([small, large].map(state))).toEqual(['resolved', 'pending']);
    publisher.release(100);
    expect(await state(large)).toBe('resolved');
    expect(sent).toHaveLength(2);
  });

  test('rejects what is no event', async () => {
    const { publisher } = make();
    for (const event of [
      { eventType: 5, data: 1 },
      { eventType: 'e', data: 1n },
      { eventType: 'e', appName: 5, data: 1 },
      { eventType: 'e', data: () => 1 },
      { eventType: 'heartbeat', data: {} },
      { eventType: 'events_dropped', data: { dropped: 1 } },
      { eventType: 'e', data: 'x'.repeat(20_000) },
    ])
      expect(await state(publisher.publish(event as never))).toBe('EVENT_INVALID');
  });
});

describe('the slots', () => {
  const make = () => {
    const shared = new SharedState();
    return { shared, slots: new Slots(shared) };
  };
  const job = (): Job =>
    ({
      origin: { connectionId: 1, yieldCapacity: () => undefined },
      payload: new Uint8Array(1),
      slot: -1,
      sequence: -1,
    }) as unknown as Job;

  test('a command is begun or taken back, and either only once', () => {
    const { shared, slots } = make();
    const [begun, back] = [job(), job()];
    slots.add(begun);
    slots.add(back);
    expect(shared.claim(begun.slot, begun.sequence)).toBe(true);
    expect(shared.claim(begun.slot, begun.sequence)).toBe(false);
    expect(slots.recall(begun)).toBe(false);
    expect(slots.recall(back)).toBe(true);
    expect(shared.claim(back.slot, back.sequence)).toBe(false);
    expect(slots.used).toBe(1);
  });

  test('a lane that comes late to a slot leaves the command alone that has it now', () => {
    const { shared, slots } = make();
    const [former, next] = [job(), job()];
    const offered = slots.add(former);
    slots.recall(former);
    const again = slots.add(next);
    expect(again?.slot).toBe(offered?.slot);
    expect(shared.claim(offered?.slot ?? -1, offered?.sequence ?? -1)).toBe(false);
    expect(slots.recall(next)).toBe(true);
  });

  test('an answer that comes too late is not given to the command that has the slot now', () => {
    const { shared, slots } = make();
    const [overdue, next] = [job(), job()];
    slots.add(overdue);
    const { slot, sequence } = overdue;
    shared.claim(slot, sequence);
    expect(slots.abandonBegun()).toEqual([overdue]);
    slots.add(next);
    expect(next.slot).toBe(slot);
    expect(slots.settle(slot, sequence)).toBeUndefined();
    expect(slots.settle(slot, next.sequence)).toBe(next);
  });

  test('of what was offered goes to the lane what was not taken back, and what was offered again but once', () => {
    const { slots } = make();
    const [one, two, three] = [job(), job(), job()];
    const offered = [one, two, three].map((each) => slots.add(each));
    slots.recall(three);
    slots.recall(two);
    offered.push(slots.add(two));
    const entries = slots.current(offered.filter((each) => each !== undefined));
    expect(entries.map(({ sequence }) => sequence)).toEqual([one.sequence, two.sequence]);
  });

  test('there are 1024, and those that were given up can be had again', () => {
    const { slots } = make();
    for (let round = 0; round < 2; round += 1) {
      const jobs = Array.from({ length: SLOTS }, job);
      for (const each of jobs) expect(slots.add(each)).toBeDefined();
      expect(slots.add(job())).toBeUndefined();
      for (const each of jobs) slots.recall(each);
      expect(slots.used).toBe(0);
    }
  });
});

describe('the executor', () => {
  function world(handlers: CommandHandlers) {
    const clock = new FakeClock();
    const later: (() => void)[] = [];
    const notes: string[] = [];
    const state = { open: true };
    let sequence = 0;
    const executor = new Executor({
      handlers,
      shared: {
        publish: () => Promise.resolve(),
        log: pino({ level: 'silent' }),
        serviceFor: () => ({}),
      },
      commandTimeout: 1000,
      maxMessageSize: 1000,
      clock,
      soon: (action) => void later.push(action),
      claim: () => true,
      answer: (_slot, answered, kind, text, size) => {
        expect([kind, size]).toEqual([ANSWER.RESPONSE, Buffer.byteLength(text)]);
        notes.push(`${answered} ${text}`);
      },
      flush: () => {
        if (notes.length > 0 && notes.at(-1) !== 'sent') notes.push('sent');
        return state.open;
      },
    });
    const command = (connectionId: number, name: string): BatchEntry => ({
      slot: 0,
      sequence: (sequence += 1),
      connectionId,
      payload: Buffer.from(JSON.stringify({ Stop: { name } })),
    });
    return {
      clock,
      executor,
      notes,
      state,
      command,
      turns: () => later.length,
      turn() {
        for (const action of later.splice(0)) action();
      },
    };
  }
  const said = (message: string) => JSON.stringify({ Success: { message } });
  /** A handler whose answers the test gives. */
  function waiting() {
    const begun = new Map<string, (message: string) => void>();
    const handlers: CommandHandlers = {
      Stop: ({ name }) =>
        new Promise((resolve) => begun.set(name, (message) => resolve({ Success: { message } }))),
    };
    return { begun, handlers };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('begins a connection’s next command when the one before it is answered, others’ at once', async () => {
    const { begun, handlers } = waiting();
    const w = world(handlers);
    w.executor.take([w.command(1, 'a'), w.command(1, 'b'), w.command(2, 'c')]);
    expect([...begun.keys()]).toEqual(['a', 'c']);
    begun.get('a')?.('done');
    await settled();
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'c', 'b']);
  });

  test('answers for one that is overdue, and what it returns later is nobody’s and begins nothing', async () => {
    const { begun, handlers } = waiting();
    const w = world(handlers);
    w.executor.take([w.command(1, 'a')]);
    w.clock.advance(600);
    w.executor.take([w.command(1, 'b'), w.command(1, 'c')]);
    w.clock.advance(400);
    w.turn();
    expect(w.notes.join()).toContain('Stop did not finish within 1000 ms');
    expect([...begun.keys()]).toEqual(['a', 'b']);
    const before = w.notes.length;
    begun.get('a')?.('late');
    await settled();
    w.turn();
    // b came 400 ms ago, but its turn has only begun.
    w.clock.advance(999);
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'b']);
    expect(w.notes.slice(before)).toEqual([]);
    w.clock.advance(1);
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'b', 'c']);
  });

  test('sends what is answered after a millisecond of work, and lets the loop turn after five', () => {
    const w: ReturnType<typeof world> = world({
      Stop: ({ name }) => {
        w.clock.advance(0.5);
        return { Success: { message: name } };
      },
    });
    w.executor.take(Array.from('abcdefghijkl', (name) => w.command(1, name)));
    const texts = Array.from('abcdefghij', (name, n) => `${n + 1} ${said(name)}`);
    const pairs = [0, 2, 4, 6, 8].flatMap((n) => [...texts.slice(n, n + 2), 'sent']);
    expect(w.notes).toEqual(pairs);
    expect(w.turns()).toBe(1);
    w.turn();
    expect(w.notes.slice(pairs.length)).toEqual([`11 ${said('k')}`, `12 ${said('l')}`, 'sent']);
    expect(w.turns()).toBe(0);
  });

  test('takes turns between connections, however many commands one has', () => {
    const order: string[] = [];
    const w: ReturnType<typeof world> = world({
      Stop: ({ name }) => {
        order.push(name);
        w.clock.advance(1);
        return { Success: { message: '' } };
      },
    });
    w.executor.take([...Array.from('aaa', (name) => w.command(1, name)), w.command(2, 'b')]);
    expect(order.join('')).toBe('abaa');
  });

  test('begins nothing while main has too much to take in, and goes on when it is told', () => {
    const w = world({ Stop: ({ name }) => ({ Success: { message: name } }) });
    w.state.open = false;
    w.executor.take([w.command(1, 'a')]);
    w.turn();
    expect(w.notes).toEqual([]);
    w.state.open = true;
    w.executor.resume();
    w.turn();
    expect(w.notes).toEqual([`1 ${said('a')}`, 'sent']);
  });

  test('sends an answer of exactly the largest size, and in place of more a word that fits', () => {
    const room = 1000 - said('').length;
    const w = world({
      Stop: ({ name }) => {
        if (name === 'throw') throw new Error('x'.repeat(2000));
        return { Success: { message: 'x'.repeat(Number(name)) } };
      },
    });
    w.executor.take([w.command(1, `${room}`), w.command(1, `${room + 1}`), w.command(1, 'throw')]);
    expect(w.notes[0]).toBe(`1 ${said('x'.repeat(room))}`);
    expect(w.notes[1]).toContain('Message size 1001 exceeds maximum allowed size 1000');
    expect(w.notes[2]).toContain('an error message too long to send');
  });
});

describe('the outbox of a thread', () => {
  function make() {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const shared = new SharedState();
    const outbox = new Outbox(port1, shared);
    const receive = () => receiveMessageOnPort(port2)?.message as OutboxMessage;
    return { shared, outbox, receive };
  }
  const MIB = 1024 * 1024;

  test('says stop while main has 4 MiB to take in, and asks to be told when it has', () => {
    const { shared, outbox, receive } = make();
    const text = 'x'.repeat(2 * MIB - 4);
    const send = (): boolean => {
      outbox.answers.add(0, 1, ANSWER.RESPONSE, text, text.length);
      return outbox.flush();
    };
    expect(send()).toBe(true);
    expect(shared.taken(0)).toBe(false);
    expect(send()).toBe(false);
    const first = receive();
    // Both sides count the same bytes, or the window would shrink or grow with every answer.
    expect(messageBytes(first)).toBe(2 * MIB);
    expect(shared.taken(messageBytes(first))).toBe(true);
    expect(outbox.flush()).toBe(true);
    expect(send()).toBe(false);
  });

  test('events and log lines count too', () => {
    const { outbox, receive } = make();
    const text = 'x'.repeat(100);
    outbox.event({ eventType: 'e', appName: null, text, size: text.length });
    outbox.log('a line\n');
    outbox.flush();
    expect(messageBytes(receive())).toBe(104 + 7);
  });

  test('keeps log lines up to a bound; past it they are lost, and their number is told', () => {
    const { outbox, receive } = make();
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 300; n += 1) outbox.log(line);
    outbox.flush();
    const { logs = [] } = receive();
    expect(logs).toHaveLength(256 + 1);
    expect(logs.at(-1)).toContain('44 log lines of a worker were lost');
    outbox.log(line);
    outbox.flush();
    expect(receive().logs).toEqual([line]);
  });

  test('takes no log lines while main has 4 MiB to take in', () => {
    const { shared, outbox, receive } = make();
    const text = 'x'.repeat(4 * MIB);
    outbox.answers.add(0, 1, ANSWER.RESPONSE, text, text.length);
    outbox.flush();
    outbox.log('lost\n');
    shared.taken(messageBytes(receive()));
    outbox.log('kept\n');
    outbox.flush();
    expect(receive().logs).toEqual(['kept\n', expect.stringContaining('1 log lines') as string]);
  });
});

describe('a call of the service', () => {
  function make() {
    // Nobody answers at the other end.
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    const client = new ServiceClient();
    client.attach(port1);
    onTestFinished(() => client.detach('the test is over'));
    return client;
  }

  test('ends when the command’s signal fires, with its reason', async () => {
    const controller = new AbortController();
    const { hang } = make().calls(() => controller.signal);
    const reason = new Error('overdue');
    const calls = [hang?.(), hang?.()];
    controller.abort(reason);
    for (const call of [...calls, hang?.()]) await expect(call).rejects.toBe(reason);
  });

  test('ends when the service is gone or replaced, and says why', async () => {
    const client = make();
    const calls = client.calls();
    const first = calls['hang']?.();
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    client.attach(port1);
    await expect(first).rejects.toThrow('the service was replaced');
    const second = calls['hang']?.();
    client.detach('it died');
    await expect(second).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(calls['hang']?.()).rejects.toThrow('it died');
  });

  test('is refused past 4096 that have no answer, and those that were given up do not count', async () => {
    const client = make();
    const controller = new AbortController();
    const given = client.calls(() => controller.signal);
    const calls = Array.from({ length: 4096 }, () =>
      Promise.resolve(given['hang']?.()).catch(() => undefined),
    );
    await expect(client.calls()['hang']?.()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    controller.abort(new Error('overdue'));
    await Promise.all(calls);
    const more = client.calls()['hang']?.();
    client.detach('it died');
    await expect(more).rejects.toThrow('it died');
  });

  test('is not what awaiting the service does', () => {
    expect(make().calls()['then']).toBeUndefined();
  });
});
