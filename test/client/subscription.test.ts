// Subscriptions: one after another, with several readers, with dropped events, and with a daemon that makes mistakes.
import { IpcClient, type Subscription } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { testDaemon } from '../support/daemon.js';
import { frame } from '../support/raw-client.js';
import { until } from '../support/until.js';
import { ALL, event, rejection, Script, success } from './script.js';
import { orFail } from '../support/or-fail.js';

describe('one subscription after another', () => {
  const leave: [string, (client: IpcClient, controller: AbortController) => Subscription][] = [
    [
      'close()',
      (client) => {
        const first = client.subscribe(ALL);
        first.close().catch(orFail);
        return client.subscribe(ALL);
      },
    ],
    [
      'a signal',
      (client, controller) => {
        client.subscribe(ALL, { signal: controller.signal });
        controller.abort();
        return client.subscribe(ALL);
      },
    ],
  ];

  test.each(leave)('after %s, the first unsubscribes before the second subscribes', async (_what, again) => {
    const script = new Script();
    const client = await script.connect();
    const second = again(client, new AbortController());
    const subscribe = { Subscribe: { subscription: ALL } };
    expect(await script.got(3)).toEqual([subscribe, 'Unsubscribe', subscribe]);
    await script.send(success('one'), event(1), success('none'), success('two'), event(2));
    expect((await second.next()).value).toEqual(event(2).Event);
  });

  test.each(leave)('after %s, the second gets the events of a real daemon', async (_what, again) => {
    const { path, daemon } = await testDaemon({ subscribers: { eventHold: 0 } });
    await using client = await IpcClient.connect(path);
    const second = again(client, new AbortController());
    await second.ready;
    // Its answer is behind everything that was sent for either subscription.
    await client.request('List');
    expect(daemon.stats().events.subscribers).toBe(1);
    await daemon.publish({ eventType: 'log_line', data: { n: 1 } });
    expect((await second.next()).value).toEqual(event(1).Event);
  });
});

describe('several readers of one subscription', () => {
  test('get an event each, in the order in which they asked', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const asked = [subscription.next(), subscription.next(), subscription.next()];
    await script.send(event(1), event(2), event(3));
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual(
      [1, 2, 3].map((n) => event(n).Event),
    );
  });

  test('all end when it is closed', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    const asked = [subscription.next(), subscription.next()];
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    subscription.close().catch(orFail);
    expect(await Promise.all(asked)).toMatchObject([{ done: true }, { done: true }]);
  });

  test('are all told why the connection ended; later calls are told that it is over', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    const asked = [subscription.next(), subscription.next()].map(rejection);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    (await script.socket).destroy();
    const code = 'CONNECTION_CLOSED';
    expect(await Promise.all(asked)).toMatchObject([{ code }, { code }]);
    expect((await subscription.next()).done).toBe(true);
  });
});

test.each([
  ['a negative number', { dropped: -5 }],
  ['a fraction', { dropped: 0.5 }],
  ['text', { dropped: '7' }],
  ['nothing', {}],
  ['no object', null],
])('a notice of drops that says %s counts as none', async (_what, data) => {
  const script = new Script();
  const client = await script.connect();
  const subscription = client.subscribe(ALL);
  const notice = (content: unknown) => ({ Event: { event_type: 'events_dropped', data: content } });
  await script.send(success('Subscribed to events'), notice({ dropped: 3 }), notice(data), event(1));
  for (const wanted of [{ dropped: 3 }, data, { n: 1 }])
    expect((await subscription.next()).value?.data).toEqual(wanted);
  expect([subscription.received, subscription.dropped]).toEqual([1, 3]);
});

const NOTICE = 'events_dropped';

/** Reads up to the end; events read and events told as dropped. */
async function account(subscription: Subscription): Promise<{ read: number; told: number }> {
  const sum = { read: 0, told: 0 };
  try {
    for await (const { event_type, data } of subscription) {
      if (event_type === NOTICE) sum.told += (data as { dropped: number }).dropped;
      else sum.read += 1;
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONNECTION_CLOSED' });
  }
  return sum;
}

describe('what is dropped is told', () => {
  test('a notice of the daemon that the client drops keeps its number', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 1000 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const answer = client.request('List');
    const notice = (dropped: number) => ({ Event: { event_type: NOTICE, data: { dropped } } });
    for (let n = 0; n < 100; n += 1) await script.send(event(n), notice(1000));
    await script.send(success('reached'));
    await answer;
    (await script.socket).end();
    const { read, told } = await account(subscription);
    expect(read + told).toBe(100 + 100 * 1000);
    expect(told).toBe(subscription.dropped);
  });

  test('what waits for recv() is bounded while a request waits, and what is dropped is told in its place', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 10_000 });
    await client.send({ Subscribe: { subscription: ALL } });
    await script.send(success('Subscribed to events'));
    expect(await client.recv()).toEqual(success('Subscribed to events'));
    await client.send('List');
    const answer = client.request('List');
    await script.send(success('sent'));
    for (let n = 0; n < 2000; n += 1) await script.send(event(n));
    await script.send(success('reached'));
    expect(await answer).toEqual(success('reached'));
    // The answer to send() is never dropped.
    expect(await client.recv()).toEqual(success('sent'));
    const first = (await client.recv()) as ReturnType<typeof event>;
    const { dropped } = first.Event.data as unknown as { dropped: number };
    expect(first.Event.event_type).toBe(NOTICE);
    let read = 0;
    while (dropped + read < 2000) {
      expect(await client.recv()).toEqual(event(dropped + read));
      read += 1;
    }
    expect(read * frame(JSON.stringify(event(1000))).length).toBeLessThan(11_000);
  });

  test('answers to send() that nobody takes are read no further than the bound, whatever waits', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 10_000 });
    await client.send('List');
    await client.send('List');
    const late = rejection(client.request('List', { timeout: 300 }));
    await script.send(success('x'.repeat(20_000)), success('y'.repeat(500_000)), success('z'));
    expect(await late).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    expect(await client.recv()).toEqual(success('x'.repeat(20_000)));
    expect(await client.recv()).toEqual(success('y'.repeat(500_000)));
    expect(await rejection(client.request('List', { timeout: 20 }))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
    });
  });
});

describe('a loop that is left', () => {
  test('ends at once, whatever the daemon has still to answer; Unsubscribe goes on behind it', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'), event(1), event(2));
    await subscription.ready;
    const slow = client.request('List');
    for await (const { data } of subscription) {
      expect(data).toEqual({ n: 1 });
      break;
    }
    expect(await script.got(3)).toEqual([{ Subscribe: { subscription: ALL } }, 'List', 'Unsubscribe']);
    expect((await subscription.next()).done).toBe(true);
    await script.send(event(3), success('List'), event(4), success('Unsubscribed from events'));
    expect(await slow).toEqual(success('List'));
    await subscription.close();
  });

  test('by throw() ends as well, and the error is thrown on', async () => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'), event(1));
    await subscription.ready;
    async function* through() {
      yield* subscription;
    }
    const outer = through();
    expect((await outer.next()).value).toEqual(event(1).Event);
    expect((await rejection(outer.throw(new Error('mine')))).message).toBe('mine');
    expect((await subscription.next()).done).toBe(true);
    expect((await script.got(2))[1]).toBe('Unsubscribe');
  });

  test('by await using unsubscribes', async () => {
    const script = new Script();
    const client = await script.connect();
    {
      await using subscription = client.subscribe(ALL);
      await script.send(success('Subscribed to events'));
      await subscription.ready;
    }
    expect((await script.got(2))[1]).toBe('Unsubscribe');
  });

  test('forgets the events and the notice that were not read', async () => {
    const script = new Script();
    const client = await script.connect({ eventBuffer: 200 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    const answer = client.request('List');
    for (let n = 0; n < 100; n += 1) await script.send(event(n));
    await script.send(success('List'));
    await answer;
    expect(subscription.dropped).toBeGreaterThan(0);
    const closing = subscription.close();
    expect(await subscription.next()).toEqual({ value: undefined, done: true });
    await script.send(success('Unsubscribed from events'));
    await closing;
  });
});

test('no events are dropped for a request that was aborted', async () => {
  const script = new Script();
  const client = await script.connect({ eventBuffer: 10_000 });
  const subscription = client.subscribe(ALL);
  await script.send(success('Subscribed to events'));
  await subscription.ready;
  const controller = new AbortController();
  const aborted = rejection(client.request('List', { signal: controller.signal }));
  await script.got(2);
  controller.abort(new Error('enough'));
  await aborted;
  for (let n = 0; n < 5000; n += 1) await script.send(event(n));
  await until(() => subscription.received > 0, 'some were read');
  for (let n = 0; n < 5000; n += 1) expect((await subscription.next()).value?.data).toEqual({ n });
  expect(subscription.dropped).toBe(0);
});

test.each(['request', 'send'] as const)(
  'an Unsubscribe by %s() ends the subscription that it ends at the daemon',
  async (way) => {
    const script = new Script();
    const client = await script.connect();
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'), event(1));
    await subscription.ready;
    const asked = client[way]('Unsubscribe');
    await script.send(success('Unsubscribed from events'));
    await asked;
    expect((await subscription.next()).value).toEqual(event(1).Event);
    expect(await subscription.next()).toEqual({ value: undefined, done: true });
  },
);

test('a second subscription that is refused leaves the first as it is, or ends it if it was left', async () => {
  const script = new Script();
  const client = await script.connect();
  const first = client.subscribe(ALL);
  await script.send(success('Subscribed to events'));
  await first.ready;
  const refused = { Error: { message: 'no', code: 'REFUSED' } };
  const second = client.subscribe(ALL);
  await script.send(event(1), refused, event(2));
  expect(await rejection(second.ready)).toMatchObject({ code: 'REFUSED' });
  for (const n of [1, 2]) expect((await first.next()).value).toEqual(event(n).Event);
  const third = client.subscribe(ALL);
  await first.return();
  expect(await script.got(3)).not.toContain('Unsubscribe');
  await script.send(refused);
  expect(await rejection(third.ready)).toMatchObject({ code: 'REFUSED' });
  expect((await script.got(4))[3]).toBe('Unsubscribe');
});

test('a Subscribe that was answered too late is taken back', async () => {
  const script = new Script();
  const client = await script.connect({ requestTimeout: 50 });
  const subscription = client.subscribe(ALL);
  expect(await rejection(subscription.next())).toMatchObject({ code: 'REQUEST_TIMEOUT' });
  expect((await script.got(2))[1]).toBe('Unsubscribe');
  await script.send(success('Subscribed to events'), event(1), success('Unsubscribed from events'));
  const answer = client.request('List', { timeout: 30_000 });
  await script.send(success('List'));
  expect(await answer).toEqual(success('List'));
});
