// When lanes may be added: dead ones are replaced at a bounded rate, and threads that do not end are counted.
import type { Clock } from '../../clock.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { Isolation } from '../../isolation.js';
import { IpcError } from '../../protocol/errors.js';
import { Intensity } from './intensity.js';

const INTENSITY = 5;
/** Milliseconds in which more than this number of deaths is too many; also the time until the next try. */
export const PERIOD = 10_000;

/** Milliseconds after its lane's end after which a thread that has not ended counts as stuck. */
const STUCK_AFTER = 1000;

export interface RefillSettings {
  readonly isolation: Isolation;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly tell: Tell;
  readonly clock: Clock;
  /** The number of lanes, those that are ending included. */
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

  /** The reason why no lane is started for now. */
  get down(): IpcError | undefined {
    return this.#down;
  }

  /** The number of threads that have not ended although their lanes have. */
  get stuck(): number {
    return this.#stuck;
  }

  /** Whether another thread is allowed: threads that do not end must not become more and more. */
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
    const end = (): void => {
      cancel();
      this.#stuck -= stuck;
    };
    gone.then(end, end);
  }

  /** A lane is ready. If it dies before the next try, the reason that the others had stands again. */
  ready(): void {
    if (this.#cancelRetry === undefined) this.#down = undefined;
  }

  /** Brings the lanes back to their least number, now or when it is allowed. */
  run(): void {
    if (this.#closed || this.#cancelRetry || !this.#wanted) return;
    const { clock, isolation, tell } = this.#settings;
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
    tell('lanes.down', { isolation, err: this.#down });
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
