// The broker: a mailbox of encoded events in, chunks to the writers out, and the flow between them. It never parses.
import { Buffer } from 'node:buffer';
import type { Clock } from '../clock.js';
import { CHUNK_BYTES, type EventFilter, type EventRun } from '../protocol/events.js';
import { Queue } from '../queue.js';
import type { EventChunk } from '../writer/chunk-queue.js';
import { type Group, Router } from './router.js';
import { StallWatch } from './stall-watch.js';
import type { SubscriptionHooks } from '../writer/writer-hooks.js';
import type { Writer } from '../writer/writer.js';

export interface BrokerOptions {
  readonly clock: Clock;
  /** How long, in ms, a subscriber that does not read may hold others up. */
  readonly stallGrace: number;
  /** Silence, in ms, after which a subscriber is sent a heartbeat. */
  readonly heartbeat: number;
}

/** The broker in `stats()`: events and bytes, counted since the start where they are no sizes. */
export interface BrokerStats {
  readonly subscribers: number;
  /** Subscribers that drop instead of being waited for. */
  readonly behind: number;
  /** Events taken out of the mailbox. */
  readonly routed: number;
  /** Events handed to sockets; delivered + dropped + waiting is what matched. */
  readonly delivered: number;
  readonly dropped: number;
  readonly mailboxBytes: number;
  /** Whether the flow waits for a subscriber. */
  readonly waiting: boolean;
}

interface Letter {
  readonly run: EventRun;
  readonly release: (bytes: number) => void;
}

/** Runs that are routed together, and for each group they go to, those of them that it gets. */
interface Step {
  readonly letters: readonly Letter[];
  readonly recipients: ReadonlyMap<Group, readonly EventRun[]>;
}

export class Broker {
  readonly #clock: Clock;
  readonly #heartbeat: number;
  readonly #router = new Router();
  readonly #mailbox = new Queue<Letter>();
  readonly #watch: StallWatch;
  readonly #hooks: SubscriptionHooks;
  /** Subscribers the flow waits for when an event is for them. */
  readonly #blocking = new Set<Writer>();
  #mailboxBytes = 0;
  #routed = 0;
  #delivered = 0;
  #dropped = 0;
  /** The step that waits, so that it is not put together anew at every look. */
  #step: Step | undefined;
  #pumping = false;
  #closed = false;
  #cancelBeat: (() => void) | undefined;

  constructor({ clock, stallGrace, heartbeat }: BrokerOptions) {
    this.#clock = clock;
    this.#heartbeat = heartbeat;
    this.#watch = new StallWatch(clock, stallGrace, () => this.#pump());
    this.#hooks = {
      onFlow: (writer) => this.#flowChanged(writer),
      onDelivered: (events) => {
        this.#delivered += events;
      },
      onDropped: (events) => {
        this.#dropped += events;
      },
    };
  }

  /**
   * Takes in one publisher's turn of events. They are routed in the order in which they came;
   * `release` is told of their bytes as they leave the mailbox.
   */
  accept(runs: readonly EventRun[], release: (bytes: number) => void): void {
    if (this.#closed) return;
    for (const run of runs) {
      this.#mailbox.push({ run, release });
      this.#mailboxBytes += run.bytes.byteLength;
    }
    this.#pump();
  }

  /** Success, then every event routed from now on. A second subscription replaces the first. */
  subscribe(writer: Writer, filter: EventFilter, success: Uint8Array): void {
    this.#router.add(writer, filter);
    this.#step = undefined;
    writer.startSubscription(success, this.#hooks);
    this.#flowChanged(writer);
    this.#scheduleHeartbeat();
  }

  /** What is owed, then Success, then nothing. */
  unsubscribe(writer: Writer, success: Uint8Array): void {
    writer.endSubscription(success);
    this.remove(writer);
  }

  /** The connection is gone, or no longer subscribed. */
  remove(writer: Writer): void {
    this.#router.remove(writer);
    this.#step = undefined;
    this.#blocking.delete(writer);
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
      mailboxBytes: this.#mailboxBytes,
      waiting: this.#watch.active,
    };
  }

  close(): void {
    this.#closed = true;
    this.#cancelBeat?.();
    this.#watch.stop();
    this.#mailbox.clear();
    this.#mailboxBytes = 0;
  }

  #flowChanged(writer: Writer): void {
    if (writer.blocking) this.#blocking.add(writer);
    else if (this.#blocking.delete(writer)) this.#pump();
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    for (let step = this.#nextStep(); step; step = this.#nextStep()) {
      const blockers = this.#blockersOf(step);
      if (blockers.length > 0) {
        this.#watch.wait(blockers, () => recipientsOf(step));
        this.#pumping = false;
        return;
      }
      this.#deliver(step);
    }
    this.#watch.stop();
    this.#pumping = false;
  }

  /** As many runs as make a chunk. */
  #nextStep(): Step | undefined {
    if (this.#step) return this.#step;
    if (this.#mailbox.length === 0) return undefined;
    const letters: Letter[] = [];
    const recipients = new Map<Group, EventRun[]>();
    let bytes = 0;
    for (const letter of this.#mailbox) {
      const { run } = letter;
      if (letters.length > 0 && bytes + run.bytes.byteLength > CHUNK_BYTES) break;
      letters.push(letter);
      bytes += run.bytes.byteLength;
      for (const group of this.#router.match(run.eventType, run.appName)) {
        const runs = recipients.get(group);
        if (runs) runs.push(run);
        else recipients.set(group, [run]);
      }
    }
    this.#step = { letters, recipients };
    return this.#step;
  }

  #blockersOf({ recipients }: Step): Writer[] {
    if (this.#blocking.size === 0) return [];
    return [...this.#blocking].filter((writer) => {
      const group = this.#router.groupOf(writer);
      return group !== undefined && recipients.has(group);
    });
  }

  #deliver({ letters, recipients }: Step): void {
    this.#step = undefined;
    // Groups that get all of the step share one chunk.
    let whole: EventChunk | undefined;
    for (const [group, runs] of recipients) {
      const all = runs.length === letters.length;
      const chunk = all ? (whole ??= chunkOf(runs)) : chunkOf(runs);
      for (const writer of group.writers) writer.offer(chunk);
    }
    for (const { run, release } of letters) {
      this.#mailbox.shift();
      this.#mailboxBytes -= run.bytes.byteLength;
      this.#routed += run.count;
      release(run.bytes.byteLength);
    }
  }

  // One timer for all subscribers, and none without any.
  #scheduleHeartbeat(): void {
    if (this.#cancelBeat || this.#closed || this.#router.size === 0) return;
    this.#cancelBeat = this.#clock.after(Math.min(1000, this.#heartbeat / 4), () => {
      this.#cancelBeat = undefined;
      for (const writer of this.#router.writers) writer.heartbeat(this.#heartbeat);
      this.#scheduleHeartbeat();
    });
  }
}

function* recipientsOf({ recipients }: Step): Generator<Writer> {
  for (const group of recipients.keys()) yield* group.writers;
}

/** One chunk of runs, in memory of its own: a view of a turn's events would keep all of them alive. */
function chunkOf(runs: readonly EventRun[]): EventChunk {
  const [first] = runs;
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  if (first && runs.length === 1 && first.bytes.byteLength === first.bytes.buffer.byteLength) {
    return { bytes: first.bytes, count, holders: 0 };
  }
  const bytes = Buffer.allocUnsafeSlow(runs.reduce((sum, run) => sum + run.bytes.byteLength, 0));
  let offset = 0;
  for (const run of runs) {
    bytes.set(run.bytes, offset);
    offset += run.bytes.byteLength;
  }
  return { bytes, count, holders: 0 };
}
