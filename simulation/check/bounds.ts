// The bounds of the queues that a daemon's statistics show.
import type { DaemonStats } from '#dist/running-daemon.js';
import { BOUNDS } from '../build/small-bounds.js';
import type { Settings } from '../plan/plan.js';
import type { World } from '../virtual/world.js';

/** The largest answer of a handler here, and the largest event, in bytes. */
const LARGEST = 1100;

export class Bounds {
  readonly #world: World;
  readonly #settings: Settings;

  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
  }

  /** @param publishers Publishers that may have events in the mailbox: main, and every thread until now. */
  check({ connections, lanes, events }: DaemonStats, publishers: number): void {
    const { maxConnections, maxMessageSize, kernelBytes, writeHighWaterMark, queueBytes } = this.#settings;
    const { open, receivedBytes, queuedBytes } = connections;
    this.#atMost('connections', open, maxConnections);
    // A whole frame in the decoder is counted when it is handed over, so one may exceed the bound.
    this.#atMost(
      'received bytes',
      receivedBytes,
      open * (2 * maxMessageSize + BOUNDS.requestSlack + kernelBytes + 8),
    );
    // Answers of commands that had begun still come; the events of a subscription that ends are among the responses.
    const responses = writeHighWaterMark + (BOUNDS.window + 2) * LARGEST;
    this.#atMost('queued bytes', queuedBytes, open * (responses + 2 * (queueBytes + LARGEST)));
    this.#atMost(
      'bytes in the mailbox',
      events.mailboxBytes,
      publishers * Math.max(BOUNDS.publishWindow, LARGEST),
    );
    this.#atMost('received bytes of all', receivedBytes, BOUNDS.total + kernelBytes + LARGEST);
    this.#atMost('queued bytes of all', queuedBytes, BOUNDS.total + queueBytes + responses);
    for (const { id, inFlight } of lanes) this.#atMost(`commands in lane ${id}`, inFlight, BOUNDS.slots);
  }

  /** Commands of one connection that have no answer. */
  submitted(connection: number, commands: number): void {
    this.#atMost(`commands of connection ${connection}`, commands, this.#settings.maxInFlight);
  }

  #atMost(what: string, value: number, most: number): void {
    if (value > most) this.#world.fail(`${value} ${what}, and at most ${most} are allowed`);
    if (value < 0) this.#world.fail(`${value} ${what}`);
  }
}
