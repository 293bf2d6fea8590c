// Events from handlers to subscribers, end to end: all events for subscribers that read, exact counts for those that do not.
import type { BrokerStats, Daemon } from 'bunctl-ipc';
import { describe, expect, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { halvesEndAlone } from '../support/platform.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const subscribe = (subscription: object) => ({ Subscribe: { subscription } });
const ALL = subscribe({ AllEvents: { app_name: null } });
const SUBSCRIBED = { Success: { message: 'Subscribed to events' } };
const UNSUBSCRIBED = { Success: { message: 'Unsubscribed from events' } };

interface EventFrame {
  Event: { event_type: string; data: { n: number; dropped: number; padding?: string } };
}
const isEvent = (frame: unknown): frame is EventFrame =>
  typeof frame === 'object' && frame !== null && 'Event' in frame;

/** Publishes from the main thread, faster than anybody reads, until it is stopped or the daemon closed. */
function endlessEvents(daemon: Daemon): { stop(): Promise<void> } {
  let going = true as boolean;
  const padding = 'x'.repeat(300);
  const running = (async () => {
    for (let n = 0; going; n += 1) await daemon.publish({ eventType: 'log_line', data: { n, padding } });
  })();
  return {
    async stop() {
      going = false;
      await running.catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'PUBLISH_CLOSED' });
      });
    },
  };
}

describe('subscribers', () => {
  test('get Success before any event, then the events that pass their filter, in order', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
    const filters = {
      all: { AllEvents: { app_name: null } },
      ofA: { AllEvents: { app_name: 'a' } },
      logs: { LogEvents: { app_name: null } },
      status: { StatusEvents: { app_name: 'b' } },
    };
    const clients = new Map<string, RawClient>();
    for (const [name, filter] of Object.entries(filters)) {
      const client = await RawClient.connect(path);
      expect(await client.request(subscribe(filter))).toEqual(SUBSCRIBED);
      clients.set(name, client);
    }
    const types = ['log_line', 'process_started', 'something_else'];
    let n = 0;
    for (const eventType of types) {
      for (const appName of ['a', 'b', null]) await daemon.publish({ eventType, appName, data: { n: n++ } });
    }
    const expected = { all: [0, 1, 2, 3, 4, 5, 6, 7, 8], ofA: [0, 3, 6], logs: [0, 1, 2], status: [4] };
    for (const [name, numbers] of Object.entries(expected)) {
      const frames = (await clients.get(name)?.take(numbers.length)) as EventFrame[];
      expect(frames.map((frame) => frame.Event.data.n)).toEqual(numbers);
    }
  });

  test('a flooding publisher and a hundred readers: all events arrive, in order, and memory stays within its bounds', async () => {
    const { path, daemon } = await testDaemon({ workers: { commandTimeout: 120_000 } });
    const readers = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(path)));
    for (const reader of readers) expect(await reader.request(ALL)).toEqual(SUBSCRIBED);
    const publisher = await RawClient.connect(path);
    const count = 5000;
    publisher.send(act('publish', { app: 'a', count, padding: 'x'.repeat(200) }));
    let most = 0;
    let most2 = 0;
    const watch = setInterval(() => {
      most = Math.max(most, daemon.stats().events.mailboxBytes);
      most2 = Math.max(most2, daemon.stats().connections.queuedBytes);
    }, 1);
    for (const reader of readers) {
      const frames = (await reader.take(count)) as EventFrame[];
      expect(frames.every((frame, n) => frame.Event.data.n === n)).toBe(true);
    }
    clearInterval(watch);
    expect(await publisher.next()).toEqual({ Success: { message: `${count} published` } });
    expect(daemon.stats().events).toMatchObject({ dropped: 0, delivered: 100 * count, mailboxBytes: 0 });
    // The publisher's window and one event; a queue of one high-water mark, shared by all, and a chunk each.
    expect(most).toBeLessThan(1024 * 1024 + 1024);
    expect(most2).toBeLessThan(512 * 1024 + 101 * 64 * 1024);
  });

  test('readers that pause get everything: the publisher waits, and little more than a high-water mark is kept', async () => {
    const { path, daemon } = await testDaemon({
      subscribers: { queueBytes: 64 * 1024, stallGrace: 60_000 },
    });
    const readers = await Promise.all([1, 2].map(() => RawClient.connect(path)));
    for (const reader of readers) expect(await reader.request(ALL)).toEqual(SUBSCRIBED);
    for (const reader of readers) reader.socket.pause();
    const publisher = await RawClient.connect(path);
    const count = 3000;
    publisher.send(act('publish', { app: 'a', count, padding: 'x'.repeat(1000) }));
    await until(() => daemon.stats().events.waiting, 'the flow waits');
    // Half of the queue, a chunk, and one that the socket has not taken, for each.
    expect(daemon.stats().connections.queuedBytes).toBeLessThan(2 * (32 + 64 + 64) * 1024);
    for (const reader of readers) reader.socket.resume();
    for (const reader of readers) {
      const frames = (await reader.take(count)) as EventFrame[];
      expect(frames.every((frame, n) => frame.Event.data.n === n)).toBe(true);
    }
    expect(daemon.stats().events).toMatchObject({ dropped: 0, delivered: 2 * count });
  });

  test('a subscriber that stops reading is told the exact number of missed events, in their place; the others get everything', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { queueBytes: 64 * 1024, stallGrace: 50 } });
    const readers = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(path)));
    const stalled = await RawClient.connect(path);
    for (const client of [...readers, stalled]) expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    stalled.socket.pause();
    const publisher = await RawClient.connect(path);
    const count = 6000;
    publisher.send(act('publish', { app: 'a', count, padding: 'x'.repeat(300) }));
    for (const reader of readers) {
      const frames = (await reader.take(count)) as EventFrame[];
      expect(frames.map((frame) => frame.Event.data.n)).toEqual(Array.from({ length: count }, (_, n) => n));
    }
    expect(await publisher.next()).toEqual({ Success: { message: `${count} published` } });
    expect(daemon.stats().events).toMatchObject({ behind: 1 });
    stalled.socket.resume();
    let next = 0;
    let missed = 0;
    while (next < count) {
      const frame = (await stalled.next()) as EventFrame;
      if (frame.Event.event_type === 'events_dropped') {
        // In place: what follows begins exactly after what was dropped.
        missed += frame.Event.data.dropped;
        next += frame.Event.data.dropped;
      } else {
        expect(frame.Event.data.n).toBe(next);
        next += 1;
      }
    }
    expect(missed).toBeGreaterThan(0);
    expect(daemon.stats().events).toMatchObject({ dropped: missed, delivered: 6 * count - missed });
    await until(() => daemon.stats().events.behind === 0, 'it is no longer behind');
    await daemon.publish({ eventType: 'log_line', data: { n: count } });
    expect(await stalled.next()).toMatchObject({ Event: { data: { n: count } } });
  });

  test('with drop-newest, a subscriber that stops reading keeps the oldest, and is told the exact number in their place', async () => {
    const { path, daemon } = await testDaemon({
      subscribers: { queueBytes: 64 * 1024, stallGrace: 50, whenFull: 'drop-newest' },
    });
    const stalled = await RawClient.connect(path);
    expect(await stalled.request(ALL)).toEqual(SUBSCRIBED);
    stalled.socket.pause();
    const publisher = await RawClient.connect(path);
    const padding = 'x'.repeat(300);
    await publisher.request(act('publish', { app: 'a', count: 20_000, padding }));
    await until(() => daemon.stats().events.dropped > 0, 'events are dropped');
    stalled.socket.resume();
    let next = 0;
    let missed = 0;
    let first: number | undefined;
    while (next < 20_000) {
      const { Event } = (await stalled.next()) as EventFrame;
      if (Event.event_type === 'events_dropped') {
        first ??= next;
        missed += Event.data.dropped;
        next += Event.data.dropped;
      } else expect(Event.data.n).toBe(next++);
    }
    expect(daemon.stats().events.dropped).toBe(missed);
    // What stood in the queue when it was full is what it gets: its bound of 64 KiB is more than 100 events.
    expect(first).toBeGreaterThan(100);
    await until(() => daemon.stats().events.behind === 0, 'it is no longer behind');
    await daemon.publish({ eventType: 'log_line', data: { n: 20_000 } });
    expect(await stalled.next()).toMatchObject({ Event: { data: { n: 20_000 } } });
  });

  test('with disconnect, a subscriber that stops reading ends with an Error that says why; the others get everything', async () => {
    const { path, daemon } = await testDaemon({
      subscribers: { queueBytes: 64 * 1024, stallGrace: 50, whenFull: 'disconnect' },
    });
    const reader = await RawClient.connect(path);
    const stalled = await RawClient.connect(path);
    for (const client of [reader, stalled]) expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    stalled.socket.pause();
    const publisher = await RawClient.connect(path);
    const count = 6000;
    publisher.send(act('publish', { app: 'a', count, padding: 'x'.repeat(300) }));
    const frames = (await reader.take(count)) as EventFrame[];
    expect(frames.map((frame) => frame.Event.data.n)).toEqual(Array.from({ length: count }, (_, n) => n));
    stalled.socket.resume();
    const rest = await stalled.rest();
    expect(rest.at(-1)).toMatchObject({ Error: { code: 'SUBSCRIBER_TOO_SLOW' } });
    const received = rest.filter((frame) => isEvent(frame)).length;
    expect(rest.length).toBe(received + 1);
    await until(() => daemon.stats().connections.open === 2, 'it is gone');
    const { delivered, dropped } = daemon.stats().events;
    expect(delivered).toBe(count + received);
    // What was published after its end was not meant for it.
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThanOrEqual(count - received);
  });

  test('with disconnect, a subscriber that never reads again is cut, and nothing of it is kept', async () => {
    const { path, daemon } = await testDaemon({
      subscribers: { queueBytes: 64 * 1024, stallGrace: 50, whenFull: 'disconnect' },
      connections: { frameTimeout: 300 },
    });
    const stalled = await RawClient.connect(path);
    expect(await stalled.request(ALL)).toEqual(SUBSCRIBED);
    stalled.socket.pause();
    for (let n = 0; n < 6000; n += 1)
      await daemon.publish({ eventType: 'log_line', data: { n, padding: 'x'.repeat(300) } });
    await until(() => daemon.stats().connections.open === 0, 'it is cut');
    expect(daemon.stats().connections.queuedBytes).toBe(0);
  });

  test('a lone subscriber that stops reading delays its publisher for a second at most, then loses its oldest events', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { queueBytes: 32 * 1024, stallGrace: 50 } });
    const stalled = await RawClient.connect(path);
    expect(await stalled.request(ALL)).toEqual(SUBSCRIBED);
    stalled.socket.pause();
    const publisher = await RawClient.connect(path);
    expect(
      await publisher.request(act('publish', { app: 'a', count: 20_000, padding: 'x'.repeat(300) })),
    ).toEqual({
      Success: { message: '20000 published' },
    });
    await until(() => daemon.stats().events.dropped > 0, 'it drops');
    expect(daemon.stats().connections.queuedBytes).toBeLessThan(32 * 1024 + 65 * 1024);
  });

  test('Unsubscribe with a publisher running: no event follows its Success, and the events before it are complete', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
    let going = true as boolean;
    const publisher = (async () => {
      for (let n = 0; going; n += 1)
        await daemon.publish({ eventType: 'log_line', appName: 'a', data: { n } });
    })();
    for (let round = 0; round < 5; round += 1) {
      const client = await RawClient.connect(path);
      client.send(ALL);
      expect(await client.next()).toEqual(SUBSCRIBED);
      const some = await client.take(20);
      client.send('Unsubscribe', act('sleep', { ms: 20, text: 'end' }));
      const rest: unknown[] = [];
      for (let frame = await client.next(); ; frame = await client.next()) {
        rest.push(frame);
        if (!isEvent(frame) && JSON.stringify(frame).includes('end')) break;
      }
      expect(rest.slice(-2)).toEqual([UNSUBSCRIBED, { Success: { message: 'end' } }]);
      const events = [...some, ...rest.slice(0, -2)];
      expect(events.every(isEvent)).toBe(true);
      const numbers = (events as EventFrame[]).map((frame) => frame.Event.data.n);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    }
    going = false;
    await publisher;
  });

  test('a subscriber that is behind can always unsubscribe', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { queueBytes: 16 * 1024, stallGrace: 20 } });
    const client = await RawClient.connect(path);
    expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    client.socket.pause();
    for (let n = 0; n < 5000; n += 1)
      await daemon.publish({ eventType: 'log_line', data: { n, padding: 'x'.repeat(300) } });
    // What is not routed yet when the daemon comes to Unsubscribe does not match any more.
    const isBehind = ({ behind, mailboxBytes }: BrokerStats): boolean => behind === 1 && mailboxBytes === 0;
    await until(() => isBehind(daemon.stats().events), 'it is behind, and all is routed');
    client.send('Unsubscribe');
    client.socket.resume();
    let accounted = 0;
    for (let frame = await client.next(); ; frame = await client.next()) {
      if (!isEvent(frame)) {
        expect(frame).toEqual(UNSUBSCRIBED);
        break;
      }
      accounted += frame.Event.event_type === 'events_dropped' ? frame.Event.data.dropped : 1;
    }
    expect(accounted).toBe(5000);
  });

  test.runIf(halvesEndAlone)(
    'a subscriber that closes its half gets the events that matched before, then the end, while events keep flowing',
    async () => {
      const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
      const client = await RawClient.connect(path);
      expect(await client.request(ALL)).toEqual(SUBSCRIBED);
      const flood = endlessEvents(daemon);
      const some = await client.take(20);
      const own = { eventType: 'log_line', data: { padding: 'own' } };
      for (let n = 0; n < 50; n += 1) await daemon.publish(own);
      client.send(act('say', { text: 'the last answer' }));
      client.socket.end();
      const frames = [...some, ...(await client.rest())];
      await flood.stop();
      expect(frames.filter((frame) => isEvent(frame) && frame.Event.data.padding === 'own')).toHaveLength(50);
      expect(frames).toContainEqual({ Success: { message: 'the last answer' } });
      expect(client.midFrame).toBe(false);
      await until(() => daemon.stats().events.subscribers === 0, 'the subscription is over');
    },
  );

  test.each(['thread', 'none'] as const)(
    'a subscriber that has closed its half gets the events that its last command published (%s)',
    async (isolation) => {
      const { path } = await testDaemon({ workers: { isolation }, subscribers: { eventHold: 0 } });
      const client = await RawClient.connect(path);
      expect(await client.request(ALL)).toEqual(SUBSCRIBED);
      client.send(act('publish', { app: 'a', count: 50 }));
      client.socket.end();
      const frames = await client.rest();
      expect(frames.filter(isEvent).map((frame) => frame.Event.data.n)).toEqual(
        Array.from({ length: 50 }, (_, n) => n),
      );
      expect(frames).toHaveLength(51);
    },
  );

  test('close() ends their streams after a whole frame, while events keep flowing', async () => {
    // However slow the machine is, no client is taken for one that does not read.
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0, stallGrace: 60_000 } });
    const clients = [await RawClient.connect(path), await RawClient.connect(path)];
    for (const client of clients) expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    const flood = endlessEvents(daemon);
    for (const client of clients) await client.take(20);
    // It waits for as long as it takes.
    expect(await daemon.close({ grace: Infinity })).toBe(true);
    await flood.stop();
    for (const client of clients) {
      expect((await client.rest()).every(isEvent)).toBe(true);
      expect(client.midFrame).toBe(false);
    }
  });

  test('after the grace of close(), the stream of a subscriber that does not read ends after a whole frame', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
    const client = await RawClient.connect(path);
    expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    client.socket.pause();
    const flood = endlessEvents(daemon);
    await until(() => daemon.stats().events.dropped > 0, 'it is full');
    await daemon.close({ grace: 0 });
    await flood.stop();
    client.socket.resume();
    expect((await client.rest()).length).toBeGreaterThan(100);
    expect(client.midFrame).toBe(false);
  });

  test('a second Subscribe replaces the first', async () => {
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
    const client = await RawClient.connect(path);
    client.send(ALL, subscribe({ LogEvents: { app_name: 'b' } }));
    expect(await client.take(2)).toEqual([SUBSCRIBED, SUBSCRIBED]);
    await daemon.publish({ eventType: 'log_line', appName: 'a', data: { n: 1 } });
    await daemon.publish({ eventType: 'log_line', appName: 'b', data: { n: 2 } });
    expect(await client.next()).toMatchObject({ Event: { data: { n: 2 } } });
    expect(daemon.stats().events).toMatchObject({ subscribers: 1, delivered: 1 });
  });

  test('after Subscribe, events wait for the answer to the command that follows', async () => {
    const { path } = await testDaemon({ subscribers: { eventHold: 5000 } });
    const client = await RawClient.connect(path);
    expect(await client.request(ALL)).toEqual(SUBSCRIBED);
    const publisher = await RawClient.connect(path);
    await publisher.request(act('publish', { app: 'a', count: 3 }));
    // A client that takes the first frame after its request for the answer gets the answer.
    expect(await client.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
    expect((await client.take(3)).every(isEvent)).toBe(true);
  });

  test('an idle subscriber gets heartbeats, a client without a subscription none', async () => {
    const { path } = await testDaemon({ subscribers: { heartbeat: 40 } });
    const [subscriber, other] = [await RawClient.connect(path), await RawClient.connect(path)];
    expect(await subscriber.request(ALL)).toEqual(SUBSCRIBED);
    expect(await subscriber.take(2)).toEqual(Array(2).fill({ Event: { event_type: 'heartbeat', data: {} } }));
    expect(other.waiting).toBe(0);
  });

  test('an app name too long to keep is refused', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    expect(await client.request(subscribe({ AllEvents: { app_name: 'x'.repeat(5000) } }))).toMatchObject({
      Error: { message: expect.stringContaining('app_name is longer') as string, code: 'MESSAGE_INVALID' },
    });
  });
});

describe('publish()', () => {
  test.each(['thread', 'none'] as const)(
    'rejects with PUBLISH_OVERRUN when it is not awaited past its window (%s)',
    async (isolation) => {
      const { path, daemon } = await testDaemon({
        workers: { isolation },
        subscribers: { queueBytes: 16 * 1024 },
      });
      const stalled = await RawClient.connect(path);
      expect(await stalled.request(ALL)).toEqual(SUBSCRIBED);
      stalled.socket.pause();
      const publisher = await RawClient.connect(path);
      expect(await publisher.request(act('overrun', { bytes: 20_000_000 }))).toEqual({
        Success: { message: 'PUBLISH_OVERRUN after true' },
      });
      expect(daemon.stats().events.mailboxBytes).toBeLessThanOrEqual(1024 * 1024);
    },
  );

  test('rejects a value that cannot be an event, and every event after the daemon is closed', async () => {
    const { path, daemon } = await testDaemon();
    const client = await RawClient.connect(path);
    expect(await client.request(act('publishBad'))).toEqual({
      Success: { message: 'EVENT_INVALID,EVENT_INVALID' },
    });
    await expect(daemon.publish({ eventType: 'x', data: 1n })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
    });
    await daemon.close();
    await expect(daemon.publish({ eventType: 'x', data: 1 })).rejects.toMatchObject({
      code: 'PUBLISH_CLOSED',
    });
  });

  test('a publisher that only awaits does not stop the daemon’s other work', async () => {
    const { path, daemon } = await testDaemon();
    let going = true as boolean;
    const flood = (async () => {
      while (going) await daemon.publish({ eventType: 'log_line', data: { n: 1 } });
    })();
    const client = await RawClient.connect(path);
    for (let n = 0; n < 20; n += 1)
      expect(await client.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
    going = false;
    await flood;
  });
});
