// Accounting: whatever a client is used for, in whatever order, every request settles and every event is read or told.
import { setImmediate as turn } from 'node:timers/promises';
import type { IpcClient, IpcError, Subscription } from 'bunctl-ipc/client';
import { test } from 'vitest';
import { MemoryDaemon } from './memory-daemon.js';

const RUNS = 2000;

/** Mulberry32: a small generator whose whole state is its seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const isAbort = (error: unknown): boolean => (error as Error).message === 'aborted';

/** As expect() does, which costs too much for some hundred thousand comparisons. */
function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}`);
}

/** A subscription and its reader, which may pause and may leave. */
class Reader {
  sum = 0;
  left = false;
  paused = false;
  wake = (): void => undefined;
  readonly done: Promise<void>;

  constructor(
    readonly id: string,
    readonly subscription: Subscription,
    leaveAfter: number,
  ) {
    this.done = this.#read(leaveAfter);
  }

  async #read(leaveAfter: number): Promise<void> {
    let last = 0;
    let taken = 0;
    try {
      for await (const { event_type, data } of this.subscription) {
        const { n, dropped } = data as { n: number; dropped: number };
        if (event_type === 'events_dropped') this.sum += dropped;
        else {
          if (n <= last) throw new Error(`event ${n} after event ${last}`);
          last = n;
          this.sum += 1;
        }
        taken += 1;
        if (taken === leaveAfter) {
          this.left = true;
          break;
        }
        if (this.paused) await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } catch (error) {
      // The end of the connection, a refusal, or a signal: what counts is the sum.
      if (!['CONNECTION_CLOSED', 'REFUSED'].includes((error as IpcError).code) && !isAbort(error))
        throw error;
    }
  }
}

class Run {
  readonly random: () => number;
  readonly daemon: MemoryDaemon;
  readonly client: IpcClient;
  readonly settled: Promise<unknown>[] = [];
  readonly readers: Reader[] = [];
  readonly controllers: AbortController[] = [];
  readonly log: string[] = [];
  sent = 0;
  received = 0;
  inboxSum = 0;
  ids = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
    this.daemon = new MemoryDaemon(this.random);
    const eventBuffer = [200, 1000, 100_000][this.upTo(3)] as number;
    this.client = this.daemon.connect({ eventBuffer });
  }

  upTo(count: number): number {
    return Math.floor(this.random() * count);
  }

  controller(): AbortController {
    const controller = new AbortController();
    this.controllers.push(controller);
    return controller;
  }

  /** A request; its answer must be its own. */
  request(): void {
    const name = `${this.random() < 0.2 ? 'fail' : 'stop'} ${++this.ids}`;
    const signal = this.random() < 0.3 ? this.controller().signal : undefined;
    this.settled.push(
      this.client.request({ Stop: { name } }, { signal }).then(
        (answer) => same(JSON.stringify(answer), JSON.stringify({ Success: { message: name } })),
        (error: unknown) => {
          const { code, message } = error as IpcError;
          if (code === 'FAILED') same(message, name);
          else if (code !== 'CONNECTION_CLOSED' && !isAbort(error)) throw error;
        },
      ),
    );
  }

  subscribe(): void {
    const id = `subscription ${++this.ids}`;
    const controller = this.random() < 0.2 ? this.controller() : undefined;
    const subscription = this.client.subscribe(
      { AllEvents: { app_name: id } },
      { signal: controller?.signal },
    );
    const reader = new Reader(id, subscription, this.random() < 0.3 ? 1 + this.upTo(10) : 0);
    controller?.signal.addEventListener('abort', () => (reader.left = true));
    reader.paused = this.random() < 0.3;
    this.readers.push(reader);
    this.settled.push(reader.done);
  }

  /** A Subscribe or Unsubscribe by hand: events go to recv(), or to nobody. */
  byHand(): void {
    const message =
      this.random() < 0.5
        ? 'Unsubscribe'
        : { Subscribe: { subscription: { AllEvents: { app_name: 'inbox' } } } };
    if (this.random() < 0.5) this.settled.push(this.client.request(message).catch(() => undefined));
    else this.send(message);
  }

  send(message: Parameters<IpcClient['send']>[0] = { Stop: { name: `sent ${++this.ids}` } }): void {
    this.sent += 1;
    this.settled.push(this.client.send(message).catch(() => (this.sent -= 1)));
  }

  async recv(): Promise<boolean> {
    try {
      const frame = await this.client.recv();
      if (!('Event' in frame)) this.received += 1;
      else if (frame.Event.event_type === 'events_dropped')
        this.inboxSum += (frame.Event.data as { dropped: number }).dropped;
      else if (frame.Event.event_type !== 'heartbeat') this.inboxSum += 1;
      return true;
    } catch {
      return false;
    }
  }

  step(): void {
    const [action] = [this.upTo(12)];
    this.log.push(String(action));
    switch (action) {
      case 0:
      case 1:
        this.request();
        return;
      case 2:
        this.subscribe();
        return;
      case 3:
        this.send();
        return;
      case 4:
        if (this.random() < 0.5) this.settled.push(this.recv());
        return;
      case 5:
        if (this.random() < 0.3) this.byHand();
        return;
      case 6:
        this.controllers[this.upTo(this.controllers.length)]?.abort(new Error('aborted'));
        return;
      case 7: {
        const reader = this.readers[this.upTo(this.readers.length)];
        if (!reader) return;
        reader.paused = !reader.paused;
        if (!reader.paused) reader.wake();
        else if (this.random() < 0.2) {
          reader.left = true;
          this.settled.push(reader.subscription.close());
        }
        return;
      }
      case 8:
      case 9:
        this.daemon.answer();
        return;
      default:
        this.daemon.publish(this.upTo(15));
        return;
    }
  }

  /** All that is under way comes to its end. */
  async finish(): Promise<'ended' | 'closed'> {
    for (const reader of this.readers) {
      reader.paused = false;
      reader.wake();
    }
    const way = this.upTo(4);
    const closed = way < 2 ? this.client.close({ drain: way * 10_000 }) : undefined;
    // Unsubscribes go on behind a break, so there is more to answer while the readers end.
    for (let idle = 0; idle < 5; idle += 1) {
      if (this.daemon.commands.length > 0) idle = 0;
      this.daemon.publish(1);
      this.daemon.answer();
      await turn();
    }
    this.daemon.end();
    if (closed) {
      await closed;
      return 'closed';
    }
    while (await this.recv());
    return 'ended';
  }

  check(how: 'ended' | 'closed'): void {
    const matched = (owner: string): number =>
      this.daemon.epochs
        .filter((epoch) => epoch.owner === owner)
        .reduce((sum, epoch) => sum + epoch.matched, 0);
    for (const { id, left, sum } of this.readers) {
      if (left || how === 'closed') same(Math.max(sum, matched(id)), matched(id));
      else same(sum, matched(id));
    }
    if (how === 'closed') return;
    same(this.inboxSum, matched('inbox'));
    same(this.received, this.sent);
  }
}

/** Rejects when a run does not end, which is a request or a loop that does not settle. */
async function bounded(promise: Promise<unknown>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`does not settle: ${what}`)), 20_000);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function one(seed: number): Promise<void> {
  const run = new Run(seed);
  try {
    const steps = 5 + run.upTo(40);
    for (let step = 0; step < steps; step += 1) {
      run.step();
      if (run.random() < 0.4) await turn();
    }
    let how: 'ended' | 'closed' = 'closed';
    await bounded(
      run.finish().then((ended) => (how = ended)),
      'the end',
    );
    await bounded(Promise.all(run.settled), 'a request or a loop');
    run.check(how);
  } catch (error) {
    throw new Error(`seed ${seed}, steps ${run.log.join(' ')}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

test(`in ${RUNS} random runs received and told events are all that matched, and every request settles`, async () => {
  const first = Number(process.env['SEED'] ?? 1);
  const runs = process.env['SEED'] ? 1 : RUNS;
  // Side by side: most of a run is waiting for a turn of the loop.
  for (let seed = first; seed < first + runs; seed += 50)
    await Promise.all(Array.from({ length: Math.min(50, runs) }, (_, index) => one(seed + index)));
}, 300_000);
