// When lanes may be added: dead ones are replaced at a bounded rate, and threads that do not end are counted.
import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import { IpcError } from '../../protocol/errors.js';
import { Intensity } from './intensity.js';

const INTENSITY = 5;
/** Milliseconds within which so many deaths are too many, and until the next try after that. */
export const PERIOD = 10_000;

/** Milliseconds after its lane's end at which a thread that has not ended is one that does not. */
const STUCK_AFTER = 1000;

export interface RefillSettings {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** Lanes there are, the ending ones included. */
  size(): number;
  add(): void;
}

export class Refill {
  readonly #settings: RefillSettings;
  readonly #intensity = new Intensity(INTENSITY, PERIOD);
  #stuck = 0;
  #down: IpcError | undefined;
  #closed = false;
  #cancelRetry: (() => void) | undefined;

  constructor(settings: RefillSettings) {
    this.#settings = settings;
  }

  /** Why no lane has been started for now. */
  get down(): IpcError | undefined {
    return this.#down;
  }

  /** Threads that have not ended though their lanes have. */
  get stuck(): number {
    return this.#stuck;
  }

  /** Whether one more thread is allowed: those that do not end are no reason to make ever more of them. */
  get mayAdd(): boolean {
    return this.#settings.size() + this.#stuck < 2 * this.#settings.maxThreads;
  }

  /** A lane has ended, and its thread should. */
  ended(gone: Promise<void>): void {
    let stuck = 0;
    const cancel = this.#settings.clock.after(STUCK_AFTER, () => {
      stuck = 1;
      this.#stuck += 1;
    });
    void gone.then(() => {
      cancel();
      this.#stuck -= stuck;
    });
  }

  /** A lane is ready: whatever kept others from being started is over. */
  ready(): void {
    this.#down = undefined;
  }

  /** Brings the lanes back to their least number, now or when it may. */
  run(): void {
    if (this.#closed || this.#cancelRetry || !this.#wanted) return;
    const { clock, log } = this.#settings;
    const { mayAdd } = this;
    const delay = mayAdd ? this.#intensity.restart(clock.now()) : PERIOD;
    if (delay === 0) {
      this.#settings.add();
      return;
    }
    const why = mayAdd
      ? `they died ${INTENSITY} times within ${PERIOD} ms`
      : `${this.#stuck} threads do not end, being in system calls that do not return`;
    this.#down = new IpcError(
      'LANES_UNAVAILABLE',
      `No worker can take the command: ${why}; the next try is in ${delay} ms at the latest`,
    );
    log.error({ err: this.#down }, 'no lane is started for now');
    this.#cancelRetry = clock.after(delay, () => {
      this.#cancelRetry = undefined;
      while (this.#wanted && this.mayAdd) this.#settings.add();
      this.run();
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }

  get #wanted(): boolean {
    return this.#settings.size() < this.#settings.minThreads;
  }
}
