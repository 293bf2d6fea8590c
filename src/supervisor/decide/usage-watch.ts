// What the apps use, sampled every few seconds, so that a status can tell the processor's use since the sample before.
import type { Clock } from '../../clock.js';
import { type Usage, UsageSampler } from '../system/usage.js';

/** Milliseconds between samples. */
const SAMPLE_EVERY = 5000;

export interface UsageWatchSettings {
  readonly clock: Clock;
  /** The leaders of the apps that run now. */
  readonly leaders: () => ReadonlySet<number>;
  readonly onFault: (error: unknown) => void;
}

export class UsageWatch {
  readonly #settings: UsageWatchSettings;
  readonly #sampler: UsageSampler;

  constructor(settings: UsageWatchSettings) {
    this.#settings = settings;
    this.#sampler = new UsageSampler(() => settings.clock.now());
  }

  /** Samples again and again, as long as its thread lives. */
  begin(): void {
    this.#settings.clock.after(SAMPLE_EVERY, () => {
      this.now();
      this.begin();
    });
  }

  /** What apps use now, by their leaders. Empty if that cannot be read. */
  now(): ReadonlyMap<number, Usage> {
    try {
      return this.#sampler.sample(this.#settings.leaders());
    } catch (error) {
      this.#settings.onFault(error);
      return new Map();
    }
  }
}
