// Subscriptions that follow one another, are read by several at once, and are told of by a daemon that errs.
import { IpcClient, type Subscription } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { testDaemon } from '../support/daemon.js';
import { ALL, event, rejection, Script, success } from './script.js';

describe('one subscription after another', () => {
  const leave: [string, (client: IpcClient, controller: AbortController) => Subscription][] = [
    [
      'close()',
      (client) => {
        const first = client.subscribe(ALL);
        void first.close();
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
    void subscription.close();
    expect(await Promise.all(asked)).toMatchObject([{ done: true }, { done: true }]);
  });

  test('are all told why the connection ended, and those who ask later that it is over', async () => {
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
