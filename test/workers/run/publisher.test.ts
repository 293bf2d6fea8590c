// The publisher's credit: bounded, in order, and never pending for ever.
import { describe, expect, test } from 'vitest';
import { Publisher } from '#dist/workers/run/publisher.js';

describe('the publisher', () => {
  const make = (window = 1000) => {
    const sent: string[] = [];
    const refused: string[] = [];
    const publisher = new Publisher({
      send: ({ text }) => void sent.push(text),
      onRefused: (error) => void refused.push((error as { code: string }).code),
      maxMessageSize: 10_000,
      window,
    });
    return { publisher, sent, refused };
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

  test('gets back as much credit as it has spent, in however many parts', async () => {
    const { publisher } = make();
    for (const bytes of [500, 500]) expect(await state(publisher.publish(sized(bytes)))).toBe('resolved');
    const waits = publisher.publish(sized(600));
    for (const part of [200, 200, 199]) {
      publisher.release(part);
      expect(await state(waits)).toBe('pending');
    }
    publisher.release(1);
    expect(await state(waits)).toBe('resolved');
  });

  test('refuses events that are not awaited once a second window is full', async () => {
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

  test('sends an event larger than the window if no other event is under way', async () => {
    const { publisher, sent } = make();
    const [small, large] = [publisher.publish(sized(100)), publisher.publish(sized(5000))];
    expect(await Promise.all([small, large].map(state))).toEqual(['resolved', 'pending']);
    publisher.release(100);
    expect(await state(large)).toBe('resolved');
    expect(sent).toHaveLength(2);
  });

  test('rejects a value that is not an event', async () => {
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
