// Those who wait until an app that is being stopped has ended, and how long they do.
import type { Clock } from '../../clock.js';
import type { AppConfig } from '../model/app-config.js';
import { milliseconds } from '../model/durations.js';

/** How long, in ms, after SIGKILL a process may take to end before its Stop is answered without it. */
const KILLED_PATIENCE = 5000;

export class Ending {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it has ended; to be asked for before it can. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** It has ended. */
  over(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Rejects when an end takes longer than its app's stop timeout and what a killed one may need. */
  async within(config: AppConfig, pid: number | null, end: Promise<void> = this.next()): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#clock.after(milliseconds(config.stop_timeout) + KILLED_PATIENCE, () =>
        reject(new Error(`process ${pid ?? 'group'} does not end, though it was killed`)),
      );
    });
    try {
      await Promise.race([end, late]);
    } finally {
      cancel();
    }
  }
}
