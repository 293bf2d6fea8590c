// Accounting: whatever a client is used for, in whatever order, every request settles and every event is read or told.
import type { Daemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, test } from 'vitest';
import { kinds, told } from '../support/broadcast.js';
import { fixture, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';
import { MemoryDaemon } from './memory-daemon.js';
import { type Peer, seeded, Use } from './random-use.js';
import { ALL } from './script.js';
import { WatchedConnection } from './watched-connection.js';

/** With a seed in the environment, only its run is made. */
const SEED = process.env['SEED'];
const seeds = (count: number): number[] =>
  SEED === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(SEED)];

/** Bytes of events that wait for the reader: few, some, or as many as come. */
const eventBuffer = (random: () => number): number =>
  [200, 1000, 100_000][Math.floor(random() * 3)] as number;

/** Uses a client at random; an error names the seed. */
async function use(seed: number, random: () => number, peer: Peer): Promise<boolean> {
  try {
    return await new Use(random, peer).run();
  } catch (error) {
    throw new Error(`seed ${seed}, ${(error as Error).message}`, { cause: error });
  }
}

test('with a daemon in memory, in 1500 random uses', async () => {
  // Side by side: most of a use is waiting for a turn of the loop.
  const all = seeds(1500);
  while (all.length > 0)
    await Promise.all(
      all.splice(0, 50).map((seed) => {
        const random = seeded(seed);
        return use(seed, random, new MemoryDaemon(random, { eventBuffer: eventBuffer(random) }));
      }),
    );
});

/** A second subscriber of the daemon: the daemon does not wait for the first one when this one waits, too. */
class Other {
  #sum = 0;
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async of(daemon: Daemon): Promise<Other> {
    const client = await RawClient.connect(daemon.socketPath);
    await client.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
    return new Other(client);
  }

  /** Reads everything that was published until now; how many events matched subscriptions, without its own. */
  async matchedByOthers(daemon: Daemon): Promise<number> {
    await daemon.publish({ eventType: 'barrier', data: {} });
    for (let barrier = false; !barrier;) {
      const frame = await this.#client.next();
      const { delivered, dropped } = told([frame]);
      this.#sum += delivered + dropped;
      barrier = kinds([frame])[0] === 'barrier';
    }
    const { delivered, dropped } = daemon.stats().events;
    return delivered + dropped - this.#sum;
  }
}

test('with a real daemon that counts, in 60 random uses', async () => {
  const { daemon } = await testDaemon({
    commands: fixture('accounted.js'),
    subscribers: { queueBytes: 16 * 1024, stallGrace: 1, eventHold: 1 },
  });
  const other = await Other.of(daemon);
  const published = { count: 0 };
  const total = { matched: 0, whole: 0 };
  for (const seed of seeds(60)) {
    const random = seeded(seed);
    const before = await other.matchedByOthers(daemon);
    const peer = await WatchedConnection.open(daemon, published, random, {
      eventBuffer: eventBuffer(random),
    });
    const whole = await use(seed, random, peer);
    await until(() => daemon.stats().connections.open === 1, 'the connection is over');
    const matched = (await other.matchedByOthers(daemon)) - before;
    expect([seed, whole ? peer.matched : Math.min(peer.matched, matched)]).toEqual([
      seed,
      whole ? matched : peer.matched,
    ]);
    total.matched += matched;
    total.whole += Number(whole);
  }
  if (SEED === undefined) expect([total.matched > 0, total.whole > 0]).toEqual([true, true]);
  const { received, answered } = daemon.stats().commands;
  expect(answered).toBeLessThanOrEqual(received);
});

test('with a real daemon that drops for a reader that pauses', async () => {
  const { daemon } = await testDaemon({
    subscribers: { queueBytes: 16 * 1024, stallGrace: 1, eventHold: 1 },
  });
  const client = await IpcClient.connect(daemon.socketPath, { eventBuffer: 1000 });
  const subscription = client.subscribe(ALL);
  await subscription.ready;
  const matched = 100;
  for (let n = 0; n < matched; n += 1)
    await daemon.publish({ eventType: 'log_line', data: { filler: 'x'.repeat(60_000) } });
  let [read, dropped] = [0, 0];
  while (read + dropped < matched) {
    const { value: event } = await subscription.next();
    if (event?.event_type === 'events_dropped') dropped += (event.data as { dropped: number }).dropped;
    else read += 1;
  }
  expect([read + dropped, dropped > 0]).toEqual([matched, true]);
  expect([subscription.received, subscription.dropped]).toEqual([read, dropped]);
});
