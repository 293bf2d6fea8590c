// A clock that moves when told to: timers fire in order of their due times, on the caller's stack.
interface Timer {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

export class FakeClock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer: Timer = { due: this.#now + ms, order: this.#order++, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that have not fired and were not cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, firing what falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let fired = 0; fired < 100_000; fired += 1) {
      const next = [...this.#timers]
        .filter((timer) => timer.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.action();
    }
    this.#now = end;
  }

  /** Lets time pass without the loop turning: what fell due fires late, at the end. */
  block(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
