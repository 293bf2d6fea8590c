// The callers that wait for the end of an app that is being stopped, and how long they wait.
import type { Clock } from '../../../clock.js';
import type { AppConfig } from '../../model/app-config.js';
import { milliseconds } from '../../model/durations.js';

/** How long, in ms, a process may take to end after SIGKILL. Then its Stop fails. */
const KILLED_PATIENCE = 5000;

export class Ending {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it has ended. Call it before the app can end. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** It has ended. */
  over(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves with the end; rejects when it takes longer than the stop timeout and a kill may take. */
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
