// The apps of which the keeper could not be told: it is told of them again each second until it knows them.
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../../clock.js';

/** How long, in ms, it is left between two tries. */
const PAUSE = 1000;

export interface UntoldSettings {
  /** Tells the keeper of an app. */
  readonly tell: (id: string) => Promise<void>;
  readonly log: Logger;
  /** Default: the real one. */
  readonly clock?: Clock | undefined;
}

export class Untold {
  readonly #settings: UntoldSettings;
  readonly #clock: Clock;
  /** Each with an object of its own: a fault that comes while an earlier one is mended is another one. */
  readonly #apps = new Map<string, object>();
  #cancel: (() => void) | undefined;
  #trying = false;
  #closed = false;

  constructor(settings: UntoldSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
  }

  has(id: string): boolean {
    return this.#apps.has(id);
  }

  /** The keeper could not be told of an app. It is logged once until it can. */
  failed(id: string, err: unknown): void {
    if (this.#closed) return;
    if (!this.#apps.has(id))
      this.#settings.log.error(
        { app: id, err },
        'the keeper of the output could not be told of an app; it is tried again each second',
      );
    this.#apps.set(id, this.#apps.get(id) ?? {});
    this.#schedule();
  }

  /** The keeper knows the app, or the app is gone. */
  forget(id: string): void {
    this.#apps.delete(id);
    if (this.#apps.size === 0) this.#stop();
  }

  /** Nothing is tried any more. */
  close(): void {
    this.#closed = true;
    this.#apps.clear();
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** One timer for all apps; none while a try is under way. */
  #schedule(): void {
    if (this.#trying || this.#cancel !== undefined || this.#apps.size === 0) return;
    this.#cancel = this.#clock.after(PAUSE, () => {
      this.#cancel = undefined;
      this.#trying = true;
      const tried = (): void => {
        this.#trying = false;
        this.#schedule();
      };
      this.#tryAll().then(tried, tried);
    });
  }

  async #tryAll(): Promise<void> {
    // One after the other: a keeper that does not answer is not asked by all at once.
    for (const [id, fault] of [...this.#apps]) {
      if (this.#apps.get(id) !== fault) continue;
      await this.#settings.tell(id).then(
        () => this.#apps.get(id) === fault && this.#apps.delete(id),
        // It was told of the first time.
        () => undefined,
      );
    }
  }
}
