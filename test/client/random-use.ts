// Random use of a client: it is used for everything, in any order; in the end all that came must be accounted for.
import { setImmediate as turn } from 'node:timers/promises';
import type { IpcClient, IpcError, Subscription } from 'bunctl-ipc/client';
import type { SubscriptionType } from 'bunctl-ipc/protocol';

/** The time for which a subscription was in force, how many events it matched, and how many of these the daemon dropped. */
export interface Epoch {
  readonly owner: string;
  matched: number;
  dropped: number;
}

/** A client and the daemon behind it. */
export interface Peer {
  readonly client: IpcClient;
  readonly epochs: readonly Epoch[];
  /** A subscription to all events, for this owner. */
  filter(owner: string): SubscriptionType;
  publish(count: number): void;
  /** Lets the daemon answer a request, if it does not do so by itself. */
  answer(): void;
  /** Lets the daemon answer everything. */
  answerAll(): Promise<void>;
  /** Ends the connection when everything that was asked is answered. */
  end(): void;
}

/** Mulberry32: a small generator whose whole state is its seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LONG = 30_000;
const isAbort = (error: unknown): boolean => (error as Error).message === 'aborted';
const codeOf = (error: unknown): unknown => (error as IpcError).code;

/** As expect() does, which costs too much for some hundred thousand comparisons. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} is not ${String(expected)}`);
}

/** A subscription and its reader, which may pause and may leave. */
class Reader {
  /** Events that were read or told. */
  sum = 0;
  /** Events that were told as dropped. */
  told = 0;
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
        const { n, dropped } = data as { n?: number; dropped: number };
        if (event_type === 'events_dropped') {
          this.told += dropped;
          this.sum += dropped;
        } else {
          if (n !== undefined && n <= last) throw new Error(`event ${n} after event ${last}`);
          last = n ?? last;
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
      // Its Subscribe was late, and it was left.
      if (codeOf(error) === 'REQUEST_TIMEOUT') this.left = true;
      // The end of the connection, a refusal, or a signal: what counts is the sum.
      else if (!['CONNECTION_CLOSED', 'REFUSED'].includes(String(codeOf(error))) && !isAbort(error))
        throw error;
    }
  }
}

/** One use of a client, whose steps follow from the random numbers. */
export class Use {
  readonly #random: () => number;
  readonly #peer: Peer;
  readonly #settled: Promise<unknown>[] = [];
  readonly #readers: Reader[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #log: string[] = [];
  #sent = 0;
  #received = 0;
  #inboxSum = 0;
  #ids = 0;

  constructor(random: () => number, peer: Peer) {
    this.#random = random;
    this.#peer = peer;
  }

  /**
   * Takes the steps, ends everything that is under way, and checks the sums.
   *
   * @returns Whether the client read everything that the daemon sent.
   */
  async run(): Promise<boolean> {
    try {
      const steps = 5 + this.#upTo(40);
      for (let step = 0; step < steps; step += 1) {
        this.#step();
        if (this.#random() < 0.4) await turn();
      }
      const whole = await bounded(this.#finish(), 'the end');
      await bounded(Promise.all(this.#settled), 'a request or a loop');
      this.#check(whole);
      return whole;
    } catch (error) {
      throw new Error(`steps ${this.#log.join(' ')}: ${(error as Error).message}`, { cause: error });
    }
  }

  #upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #controller(): AbortController {
    const controller = new AbortController();
    this.#controllers.push(controller);
    return controller;
  }

  /** Does something with a timeout of 1 ms, if it is true. */
  #impatiently<T>(impatient: boolean, act: () => T): T {
    const { client } = this.#peer;
    if (impatient) client.setTimeout(1);
    const done = act();
    client.setTimeout(LONG);
    return done;
  }

  /** A request; its answer must be its own. */
  #request(): void {
    const kind = ['stop', 'stop', 'stop', 'fail', 'slow', 'tell'][this.#upTo(6)] as string;
    const name = `${kind} ${++this.#ids}`;
    const signal = this.#chance(0.3) ? this.#controller().signal : undefined;
    const timeout = this.#chance(0.2) ? 1 : LONG;
    this.#settled.push(
      this.#peer.client.request({ Stop: { name } }, { signal, timeout }).then(
        (answer) => same(JSON.stringify(answer), JSON.stringify({ Success: { message: name } }), 'an answer'),
        (error: unknown) => {
          if (codeOf(error) === 'FAILED') same((error as Error).message, name, 'an error');
          else if (codeOf(error) === 'REQUEST_TIMEOUT') same(timeout, 1, 'the timeout of a late request');
          else if (codeOf(error) !== 'CONNECTION_CLOSED' && !isAbort(error)) throw error;
        },
      ),
    );
  }

  #subscribe(): void {
    const id = `subscription ${++this.#ids}`;
    const controller = this.#chance(0.2) ? this.#controller() : undefined;
    const subscription = this.#impatiently(this.#chance(0.1), () =>
      this.#peer.client.subscribe(this.#peer.filter(id), { signal: controller?.signal }),
    );
    const reader = new Reader(id, subscription, this.#chance(0.3) ? 1 + this.#upTo(10) : 0);
    controller?.signal.addEventListener('abort', () => (reader.left = true));
    reader.paused = this.#chance(0.3);
    this.#readers.push(reader);
    this.#settled.push(reader.done);
  }

  /** A Subscribe or Unsubscribe by hand: events go to recv(), or to nobody. */
  #byHand(): void {
    const message = this.#chance(0.5)
      ? 'Unsubscribe'
      : { Subscribe: { subscription: this.#peer.filter('inbox') } };
    if (this.#chance(0.5)) this.#settled.push(this.#peer.client.request(message).catch(() => undefined));
    else this.#send(message);
  }

  #send(message: Parameters<IpcClient['send']>[0] = { Stop: { name: `sent ${++this.#ids}` } }): void {
    this.#sent += 1;
    const sent = this.#impatiently(this.#chance(0.1), () => this.#peer.client.send(message));
    this.#settled.push(
      sent.catch((error: unknown) => {
        // One that is late is under way, and is answered.
        if (codeOf(error) !== 'REQUEST_TIMEOUT') this.#sent -= 1;
      }),
    );
  }

  /** Takes a frame; false if none came. */
  async #recv(impatient = false): Promise<boolean> {
    try {
      const frame = await this.#impatiently(impatient, () => this.#peer.client.recv());
      if (!('Event' in frame)) this.#received += 1;
      else if (frame.Event.event_type === 'events_dropped')
        this.#inboxSum += (frame.Event.data as { dropped: number }).dropped;
      else if (frame.Event.event_type !== 'heartbeat') this.#inboxSum += 1;
      return true;
    } catch {
      return false;
    }
  }

  /** A reader pauses, goes on, or leaves. */
  #turnReader(): void {
    const reader = this.#readers[this.#upTo(this.#readers.length)];
    if (!reader) return;
    reader.paused = !reader.paused;
    if (!reader.paused) reader.wake();
    else if (this.#chance(0.2)) {
      reader.left = true;
      this.#settled.push(reader.subscription.close());
    }
  }

  #step(): void {
    const steps: [string, () => void][] = [
      ['request', () => this.#request()],
      ['request', () => this.#request()],
      ['subscribe', () => this.#subscribe()],
      ['send', () => this.#send()],
      ['recv', () => this.#chance(0.5) && this.#settled.push(this.#recv(this.#chance(0.3)))],
      ['by hand', () => this.#chance(0.3) && this.#byHand()],
      ['abort', () => this.#controllers[this.#upTo(this.#controllers.length)]?.abort(new Error('aborted'))],
      ['reader', () => this.#turnReader()],
      ['answer', () => this.#peer.answer()],
      ['answer', () => this.#peer.answer()],
      ['publish', () => this.#peer.publish(this.#upTo(15))],
      ['publish', () => this.#peer.publish(this.#upTo(15))],
    ];
    const [name, act] = steps[this.#upTo(steps.length)] as (typeof steps)[number];
    this.#log.push(name);
    act();
  }

  /** All that is under way comes to its end; whether the client could read all of it. */
  async #finish(): Promise<boolean> {
    for (const reader of this.#readers) {
      reader.paused = false;
      reader.wake();
    }
    const way = this.#upTo(4);
    // It waits for all of that time if answers that nobody takes by recv() keep the client from reading.
    const closed = way < 2 ? this.#peer.client.close({ drain: way * 200 }) : undefined;
    await this.#peer.answerAll();
    this.#peer.end();
    if (closed) await closed;
    else while (await this.#recv());
    return closed === undefined;
  }

  #check(whole: boolean): void {
    const count = (owner: string, what: 'matched' | 'dropped'): number =>
      this.#peer.epochs.filter((epoch) => epoch.owner === owner).reduce((sum, epoch) => sum + epoch[what], 0);
    const matched = (owner: string): number => count(owner, 'matched');
    for (const { id, left, sum, told, subscription } of this.#readers) {
      if (!left && whole) {
        same(sum, matched(id), `events of ${id}`);
        same(subscription.dropped, told, `dropped of ${id}`);
        same(subscription.received, matched(id) - count(id, 'dropped'), `received of ${id}`);
      } else same(Math.max(sum, matched(id)), matched(id), `events of ${id}, which was left`);
    }
    if (!whole) return;
    same(this.#inboxSum, matched('inbox'), 'events of recv()');
    same(this.#received, this.#sent, 'answers of recv()');
  }
}

/** Rejects when a promise does not settle. */
async function bounded<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`does not settle: ${what}`)), 20_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
