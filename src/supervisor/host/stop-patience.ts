// How long a shutdown waits for the supervisor to stop all apps.
import type { Clock } from '../../clock.js';

/** Beyond the longest stop timeout, how long in ms the supervisor may take to stop all apps. */
const STOP_PATIENCE = 10_000;
/**
 * After all apps have ended, the supervisor ends the processes that they left behind. The time for that, in ms, beyond a
 * second stop timeout.
 */
const SURVIVORS_PATIENCE = 5000;

export class StopPatience {
  readonly #clock: Clock;
  readonly #stopped: Promise<true>;
  #onStopped!: () => void;
  #killsEscaped = false;
  #onKillEscaped: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stopped = new Promise((resolve) => {
      this.#onStopped = () => resolve(true);
    });
  }

  /** Whether what apps have left behind is ended, too. */
  get killsEscaped(): boolean {
    return this.#killsEscaped;
  }

  /** Processes that apps have left behind are to be ended too, also in a shutdown that has begun. */
  killEscaped(): void {
    this.#killsEscaped = true;
    this.#onKillEscaped();
  }

  /** The supervisor has stopped all apps. */
  stopped(): void {
    this.#onStopped();
  }

  /**
   * Resolves when the supervisor has stopped all apps, with true, or when it takes too long, with false.
   *
   * @param longest The longest stop timeout, in ms.
   */
  async wait(longest: number): Promise<boolean> {
    const begun = this.#clock.now();
    let cancel = (): void => undefined;
    const late = new Promise<false>((resolve) => {
      const set = (): void => {
        cancel();
        const survivors = this.#killsEscaped ? longest + SURVIVORS_PATIENCE : 0;
        const end = begun + longest + STOP_PATIENCE + survivors;
        cancel = this.#clock.after(end - this.#clock.now(), () => resolve(false));
      };
      set();
      this.#onKillEscaped = set;
    });
    try {
      return await Promise.race([this.#stopped, late]);
    } finally {
      this.#onKillEscaped = () => undefined;
      cancel();
    }
  }
}
