// The hold after Subscribe: events wait for the client's next command, because some clients take the first frame
// after a request as its answer.
import type { Clock } from '../clock.js';

/** How long, in ms, events wait in all once a command is in flight. */
const HELD_FOR_A_COMMAND = 1000;

/**
 * Begins with Subscribe and ends with the first of: the following command is answered; `patience` ms without a
 * command; {@link HELD_FOR_A_COMMAND} ms with one; the queue is at its high-water mark. Later commands are not held for.
 */
export class Hold {
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #onEnd: () => void;
  #cancel: (() => void) | undefined;
  #began = 0;
  #forCommand = false;

  constructor(clock: Clock, patience: number, onEnd: () => void) {
    this.#clock = clock;
    this.#patience = patience;
    this.#onEnd = onEnd;
  }

  get active(): boolean {
    return this.#cancel !== undefined;
  }

  begin(): void {
    this.#cancel?.();
    if (this.#patience === 0) return;
    this.#began = this.#clock.now();
    this.#forCommand = false;
    this.#wait(this.#patience);
  }

  commandReceived(): void {
    if (!this.#cancel || this.#forCommand) return;
    this.#forCommand = true;
    this.#cancel();
    this.#wait(this.#began + HELD_FOR_A_COMMAND - this.#clock.now());
  }

  end(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#onEnd();
  }

  #wait(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.end());
  }
}
