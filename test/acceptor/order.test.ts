// Commands of one connection run in order, those of different connections side by side.
import { describe, expect, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';

const said = (text: string) => ({ Success: { message: text } });

describe('order and balance', () => {
  test.each([{ isolation: 'thread', minThreads: 2, maxThreads: 2 }, { isolation: 'none' }] as const)(
    'slow and fast commands pipelined on many connections are answered in order ($isolation)',
    async (workers) => {
      const { path } = await testDaemon({ workers });
      const texts = Array.from({ length: 200 }, (_, n) => String(n));
      await Promise.all(
        Array.from({ length: 8 }, async (_, seed) => {
          const client = await RawClient.connect(path);
          client.send(
            ...texts.map((text, n) =>
              (n + seed) % 7 === 0 ? act('sleep', { ms: (n * seed) % 5, text }) : act('say', { text }),
            ),
          );
          expect(await client.take(texts.length)).toEqual(texts.map(said));
        }),
      );
    },
  );

  test('ten waiting commands do not delay other connections, not even on one lane', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 1, maxThreads: 1, commandTimeout: 60_000 },
    });
    const slow = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(path)));
    for (const client of slow) client.send(act('sleep', { ms: 30_000 }));
    const quick = await RawClient.connect(path);
    for (let n = 0; n < 100; n += 1)
      expect(await quick.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
    expect(slow.every((client) => client.waiting === 0)).toBe(true);
    expect(daemon.stats().lanes).toMatchObject([{ inFlight: 10 }]);
  });

  test.each(['thread', 'process', 'none'] as const)(
    'a connection with a slow first command leaves room for others, however many commands are behind it (%s)',
    async (isolation) => {
      const { path } = await testDaemon({
        workers: { isolation, minThreads: 1, maxThreads: 1, commandTimeout: 120_000 },
      });
      const slow = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(path)));
      const behind = Array.from({ length: 120 }, (_, n) => String(n));
      for (const client of slow) client.send(act('hold'), ...behind.map((text) => act('say', { text })));
      const quick = await RawClient.connect(path);
      for (let n = 0; n < 20; n += 1)
        expect(await quick.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
      expect(slow.every((client) => client.waiting === 0)).toBe(true);
      expect(await quick.request(act('letGo'))).toEqual(said('let go'));
      for (const client of slow) expect(await client.take(121)).toEqual([said('held'), ...behind.map(said)]);
    },
  );

  test('a command begins only when the one before it on its connection is answered', async () => {
    const { path } = await testDaemon({ workers: { minThreads: 2 } });
    const client = await RawClient.connect(path);
    const began = performance.now();
    client.send(act('sleep', { ms: 60 }), act('sleep', { ms: 60 }), act('sleep', { ms: 60 }));
    await client.take(3);
    // Timers never fire early, so this holds however busy the machine is.
    expect(performance.now() - began).toBeGreaterThanOrEqual(178);
  });

  test('more commands than a lane has room for are all answered', async () => {
    const { path } = await testDaemon({ workers: { minThreads: 1, maxThreads: 1 } });
    const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(path)));
    for (const client of clients) client.send(...Array.from({ length: 120 }, () => act('sleep', { ms: 1 })));
    for (const client of clients) expect(await client.take(120)).toEqual(Array(120).fill(said('slept')));
  });

  test('handlers see a distinct id for each connection', async () => {
    const { path } = await testDaemon();
    const [a, b] = [await RawClient.connect(path), await RawClient.connect(path)];
    const ids = [
      await a.request(act('connection')),
      await a.request(act('connection')),
      await b.request(act('connection')),
    ];
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[2]).not.toEqual(ids[0]);
  });
});
