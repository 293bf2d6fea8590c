// Gives the commands of all connections to lanes, and remembers who waits for one.
import type { Lanes } from '../ports.js';
import { type CommandCounters, Line, type LineContext, type LineSource } from './pipeline.js';
import type { ResponseWriter, Subscriptions } from './ports.js';

export class Dispatcher<W extends ResponseWriter> {
  readonly counters: CommandCounters = { received: 0, answered: 0, failed: 0 };
  readonly #waiting = new Set<Line<W>>();
  readonly #context: LineContext<W>;

  constructor(lanes: Lanes, subscriptions: Subscriptions<W>) {
    this.#context = {
      lanes,
      subscriptions,
      counters: this.counters,
      waitForLane: (line) => void this.#waiting.add(line),
    };
  }

  /** A new connection's line of commands. */
  open(connectionId: number, writer: W, source: LineSource): Line<W> {
    return new Line(connectionId, writer, this.#context, source);
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
