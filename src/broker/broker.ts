// The broker: a mailbox of encoded events in, chunks to the writers out, and the flow between them. It never parses.
import type { Clock } from '../clock.js';
import type { EventFilter, EventRun } from '../protocol/events.js';
import type { EventChunk } from '../writer/event-queue.js';
import type { Writer } from '../writer/writer.js';
import { chunkOf } from './chunk.js';
import { Mailbox, type Step } from './mailbox.js';
import { type Group, Router } from './router.js';
import { StallWatch } from './stall-watch.js';

export interface BrokerOptions {
  readonly clock: Clock;
  /** How long, in ms, a subscriber that does not read may hold others up. */
  readonly stallGrace: number;
  /** Silence, in ms, after which a subscriber is sent a heartbeat. */
  readonly heartbeat: number;
  /** A subscriber was cut, or a publisher's credit was not given back, because of an exception. */
  readonly onFault: (error: unknown) => void;
}

/** The broker in `stats()`. */
export interface BrokerStats {
  /** Subscribers now. */
  readonly subscribers: number;
  /** Subscribers that drop events instead of being waited for. */
  readonly behind: number;
  /** Events taken out of the mailbox since the start. */
  readonly routed: number;
  /** Events handed to sockets since the start. Delivered, dropped and waiting events together are all that matched. */
  readonly delivered: number;
  /** Events dropped since the start. */
  readonly dropped: number;
  /** Bytes of events in the mailbox now. */
  readonly mailboxBytes: number;
  /** Whether the flow waits for a subscriber now. */
  readonly waiting: boolean;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #router = new Router();
  readonly #mailbox = new Mailbox();
  readonly #watch: StallWatch;
  /** Subscribers the flow waits for when an event is for them. */
  readonly #blocking = new Set<Writer>();
  #routed = 0;
  #delivered = 0;
  #dropped = 0;
  /** The step that waits, kept so that it is not put together again at every look. */
  #step: Step | undefined;
  #pumping = false;
  #closed = false;
  #cancelBeat: (() => void) | undefined;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#watch = new StallWatch(options.clock, options.stallGrace, () => this.#pump());
  }

  /**
   * Takes in one publisher's turn of events. They are routed in the order in which they came;
   * `release` is called with their bytes as they leave the mailbox.
   */
  accept(runs: readonly EventRun[], release: (bytes: number) => void): void {
    if (this.#closed) return;
    for (const run of runs) this.#mailbox.push({ run, release });
    this.#pump();
  }

  /** Sends `success`, then every event routed from now on. A second subscription replaces the first. */
  subscribe(writer: Writer, filter: EventFilter, success: Uint8Array): void {
    this.#router.add(writer, filter);
    this.#step = undefined;
    writer.startSubscription(success, {
      onFlow: () => this.#flowChanged(writer),
      onDelivered: (events) => {
        this.#delivered += events;
      },
      onDropped: (events) => {
        this.#dropped += events;
      },
      onLeaving: () => this.#leave(writer),
    });
    this.#flowChanged(writer);
    this.#scheduleHeartbeat();
  }

  /** Sends the events that wait, then `success`, then nothing. */
  unsubscribe(writer: Writer, success: Uint8Array): void {
    // Out of the router first: the flow that waited for the writer goes on now, and its events must not follow `success`.
    this.#forget(writer);
    writer.endSubscription(success);
    this.#pump();
  }

  /** The connection is gone, or no longer subscribed. */
  remove(writer: Writer): void {
    this.#forget(writer);
    this.#pump();
  }

  stats(): BrokerStats {
    let behind = 0;
    for (const writer of this.#router.writers) if (writer.behind) behind += 1;
    return {
      subscribers: this.#router.size,
      behind,
      routed: this.#routed,
      delivered: this.#delivered,
      dropped: this.#dropped,
      mailboxBytes: this.#mailbox.bytes,
      waiting: this.#watch.active,
    };
  }

  /** Event bytes of the subscriber that has the most. Looks at every subscriber. */
  get largestQueue(): number {
    let largest = 0;
    for (const { eventBytes } of this.#router.writers) largest = Math.max(largest, eventBytes);
    return largest;
  }

  close(): void {
    this.#closed = true;
    this.#cancelBeat?.();
    this.#watch.stop();
    for (const writer of this.#mailbox.clear()) writer.left();
  }

  #forget(writer: Writer): void {
    this.#router.remove(writer);
    this.#step = undefined;
    this.#blocking.delete(writer);
  }

  // The letter has its place behind the events that came before it. Their flow is bounded, and so is the wait.
  #leave(writer: Writer): void {
    if (this.#closed) {
      writer.left();
      return;
    }
    this.#mailbox.push({ leaving: writer });
    this.#pump();
  }

  #flowChanged(writer: Writer): void {
    if (writer.blocking) this.#blocking.add(writer);
    else if (this.#blocking.delete(writer)) this.#pump();
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      this.#route();
    } finally {
      this.#pumping = false;
    }
  }

  #route(): void {
    for (let step = this.#nextStep(); step; step = this.#nextStep()) {
      const { recipients } = step;
      const blockers = this.#blockersAmong(recipients);
      if (blockers.length > 0) {
        this.#watch.wait(blockers, () => writersOf(recipients));
        return;
      }
      this.#deliver(step);
    }
    this.#watch.stop();
  }

  #nextStep(): Step | undefined {
    for (let writer = this.#mailbox.takeLeaving(); writer; writer = this.#mailbox.takeLeaving()) {
      this.#forget(writer);
      writer.left();
    }
    this.#step ??= this.#mailbox.nextStep(({ eventType, appName }) => this.#router.match(eventType, appName));
    return this.#step;
  }

  #blockersAmong(recipients: Step['recipients']): Writer[] {
    if (this.#blocking.size === 0) return [];
    return [...this.#blocking].filter((writer) => {
      const group = this.#router.groupOf(writer);
      return group !== undefined && recipients.has(group);
    });
  }

  #deliver(step: Step): void {
    const { letters } = step;
    // Made before anything changes: if there is no memory for them, the step stays.
    const chunks = chunksOf(step);
    this.#step = undefined;
    this.#mailbox.remove(step);
    for (const { run } of letters) this.#routed += run.count;
    for (const [group, chunk] of chunks) {
      for (const writer of group.writers) this.#guard(writer, () => writer.offer(chunk));
    }
    for (const { run, release } of letters) this.#guard(undefined, () => release(run.bytes.byteLength));
  }

  /** An exception costs its own subscriber the connection, and the others nothing. */
  #guard(writer: Writer | undefined, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (writer) this.#forget(writer);
      this.#options.onFault(error);
      writer?.destroy();
    }
  }

  // One timer for all subscribers; none while there are no subscribers.
  #scheduleHeartbeat(): void {
    if (this.#cancelBeat || this.#closed || this.#router.size === 0) return;
    const { clock, heartbeat } = this.#options;
    this.#cancelBeat = clock.after(Math.min(1000, heartbeat / 4), () => {
      this.#cancelBeat = undefined;
      for (const writer of this.#router.writers) this.#guard(writer, () => writer.heartbeat(heartbeat));
      this.#scheduleHeartbeat();
    });
  }
}

/** The chunk for each group. Groups that get the whole step share one. */
function chunksOf({ letters, recipients }: Step): [Group, EventChunk][] {
  let whole: EventChunk | undefined;
  return [...recipients].map(([group, runs]) => {
    const all = runs.length === letters.length;
    return [group, all ? (whole ??= chunkOf(runs)) : chunkOf(runs)];
  });
}

function* writersOf(recipients: Step['recipients']): Generator<Writer> {
  for (const group of recipients.keys()) yield* group.writers;
}
