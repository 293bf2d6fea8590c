// The publisher's credit: bounded, in order, and never pending for ever.
import { describe, expect, test } from 'vitest';
import type { OutgoingEvent } from '#dist/workers/link/event-packer.js';
import { PUBLISH_WINDOW, Publisher } from '#dist/workers/run/publisher.js';

/** The size of a frame's length, in bytes. */
const HEADER = 4;

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
  /** An event whose frame has this size. */
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

  test('refuses an app name that no subscription can ask for: it is not sent, so no credit counts it', async () => {
    const { publisher, sent, refused } = make();
    const named = (length: number) => ({ eventType: 'e', appName: 'x'.repeat(length), data: null });
    expect(await state(publisher.publish(named(4097)))).toBe('EVENT_INVALID');
    expect(await state(publisher.publish(named(4096)))).toBe('resolved');
    expect([sent.length, refused]).toEqual([1, ['EVENT_INVALID']]);
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
    const getter = {
      get eventType(): string {
        throw new TypeError('no type');
      },
    };
    for (const event of [
      null,
      getter,
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

  test('accepts an event of exactly the largest size, and one of an app or of none', async () => {
    const { publisher, sent } = make(100_000);
    const largest = sized(10_000 + HEADER);
    for (const event of [largest, { ...sized(100), appName: 'a' }, { ...sized(100), appName: null }])
      expect(await state(publisher.publish(event))).toBe('resolved');
    expect(sent.map((text) => Buffer.byteLength(text))).toEqual([10_000, 96, 96]);
    expect(await state(publisher.publish(sized(10_001 + HEADER)))).toBe('EVENT_INVALID');
  });

  test('sends an event with its type, its app and its size in bytes', async () => {
    const events: OutgoingEvent[] = [];
    const publisher = new Publisher({
      send: (event) => void events.push(event),
      onRefused: () => undefined,
      maxMessageSize: 1000,
    });
    await publisher.publish({ eventType: 'é', data: { n: 1 } });
    await publisher.publish({ eventType: 'e', appName: 'app', data: null });
    const text = '{"Event":{"event_type":"é","data":{"n":1}}}';
    expect(events[0]).toEqual({ eventType: 'é', appName: null, text, size: text.length + 1 });
    expect(events[1]).toMatchObject({ eventType: 'e', appName: 'app' });
  });

  test('has a window of 1 MiB', async () => {
    const publisher = new Publisher({
      send: () => undefined,
      onRefused: () => undefined,
      maxMessageSize: 2 * PUBLISH_WINDOW,
    });
    expect(PUBLISH_WINDOW).toBe(1024 * 1024);
    expect(await state(publisher.publish(sized(PUBLISH_WINDOW)))).toBe('resolved');
    expect(await state(publisher.publish(sized(100)))).toBe('pending');
  });

  test('says how many bytes wait for credit, until they are sent or rejected', () => {
    const { publisher } = make();
    const ignored = [sized(1000), sized(300), sized(200)].map((event) => publisher.publish(event));
    for (const each of ignored) each.catch(() => undefined);
    expect(publisher.waitingBytes).toBe(500);
    publisher.release(350);
    expect(publisher.waitingBytes).toBe(200);
    publisher.close();
    // The credit of what was under way comes back later.
    publisher.release(650);
    expect(publisher.waitingBytes).toBe(0);
  });

  test('sends no event before one that waits, though there is credit for it', async () => {
    const { publisher, sent } = make();
    const [first, large, small] = [sized(500), sized(600), sized(100)].map((event) =>
      publisher.publish(event),
    );
    expect(await Promise.all([first, large, small].map((each) => state(each as Promise<void>)))).toEqual([
      'resolved',
      'pending',
      'pending',
    ]);
    publisher.release(99);
    expect(sent).toHaveLength(1);
    publisher.release(1);
    expect(sent.map((text) => Buffer.byteLength(text) + HEADER)).toEqual([500, 600]);
    publisher.release(100);
    expect(sent.map((text) => Buffer.byteLength(text) + HEADER)).toEqual([500, 600, 100]);
  });

  test('tells of each event that it refuses, also of one that nobody awaits, and of none that it sent', async () => {
    const { publisher, refused } = make();
    void publisher.publish(sized(1000)).catch(() => undefined);
    void publisher.publish({ eventType: 5 } as never).catch(() => undefined);
    void publisher.publish(sized(600)).catch(() => undefined);
    void publisher.publish(sized(600)).catch(() => undefined);
    publisher.close();
    publisher.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(refused.sort()).toEqual(['EVENT_INVALID', 'PUBLISH_CLOSED', 'PUBLISH_OVERRUN']);
  });

  test('says why it refuses an event', async () => {
    const { publisher } = make();
    const message = (event: unknown): Promise<string> =>
      publisher.publish(event as never).then(
        () => 'sent',
        (error: unknown) => (error as Error).message,
      );
    expect(await message({ eventType: 5 })).toContain('needs an eventType that is a string');
    expect(await message({ eventType: 'heartbeat' })).toContain('cannot be of type heartbeat');
    expect(await message({ eventType: 'e', appName: 5 })).toContain('Event e has an appName');
    expect(await message(sized(20_000))).toMatch(/Event e: Message size \d+ exceeds/);
    void publisher.publish(sized(1000)).catch(() => undefined);
    void publisher.publish(sized(700)).catch(() => undefined);
    expect(await message(sized(700))).toContain('700 bytes of events wait');
    publisher.close();
    expect(await message(sized(100))).toContain('The daemon is closed');
  });

  test('refuses an event that cannot be read, with the cause', async () => {
    const { publisher } = make();
    const event = {
      get eventType(): string {
        // oxlint-disable-next-line typescript/only-throw-error
        throw 'no';
      },
      data: 1,
    };
    await expect(publisher.publish(event)).rejects.toMatchObject({ code: 'EVENT_INVALID', cause: 'no' });
    await expect(publisher.publish(undefined as never)).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      cause: expect.any(TypeError) as TypeError,
    });
  });
});
