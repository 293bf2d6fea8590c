// Gives the commands of all connections to lanes, and remembers who waits for one.
import type { Lanes } from '../interfaces.js';
import { type CommandCounters, Line } from './line.js';
import type { ResponseWriter, Subscriptions } from './ports.js';

export class Dispatcher<W extends ResponseWriter> {
  readonly counters: CommandCounters = { received: 0, answered: 0, failed: 0 };
  readonly #waiting = new Set<Line<W>>();
  readonly #lanes: Lanes;
  readonly #subscriptions: Subscriptions<W>;

  constructor(lanes: Lanes, subscriptions: Subscriptions<W>) {
    this.#lanes = lanes;
    this.#subscriptions = subscriptions;
  }

  /** A new connection's line of commands; `onRoom` is called whenever it may have room for more. */
  open(connectionId: number, writer: W, onRoom: () => void): Line<W> {
    const context = {
      lanes: this.#lanes,
      subscriptions: this.#subscriptions,
      counters: this.counters,
      waitForLane: (line: Line<W>) => void this.#waiting.add(line),
    };
    return new Line(connectionId, writer, context, onRoom);
  }

  close(line: Line<W>): void {
    this.#waiting.delete(line);
    line.close();
  }

  /** Lanes have room, or none will have: those who wait look again, the longest waiting first. */
  readonly room = (): void => {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const line of waiting) line.pump();
  };
}
