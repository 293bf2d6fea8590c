// The hold after Subscribe: events wait for the client's next command, because some clients take the first frame
// after a request as its answer.
import type { Clock } from '../clock.js';

/** How long, in ms after Subscribe, events wait at least once a command is in flight. */
const HELD_FOR_A_COMMAND = 1000;

/**
 * A hold begins with Subscribe. It ends when the following command is answered, after `patience` ms without a
 * command, {@link HELD_FOR_A_COMMAND} ms after Subscribe with one (`patience` if that is more), or when the queue is at its high-water mark.
 * Later commands do not begin another hold.
 */
export class Hold {
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #onEnd: () => void;
  #cancel: (() => void) | undefined;
  #began = 0;
  #forCommand = false;

  /** @param patience In ms; 0 for no hold. */
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
    this.#wait(this.#began + Math.max(HELD_FOR_A_COMMAND, this.#patience) - this.#clock.now());
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
