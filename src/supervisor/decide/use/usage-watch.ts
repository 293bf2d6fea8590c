// What the apps use, sampled every few seconds, so that a status can tell the processor's use since the sample before.
import type { Clock } from '../../../clock.js';
import type { SystemFacts } from '../../system/facts.js';
import { system } from '../../system/system.js';
import { type Usage, UsageSampler } from '../../system/usage.js';

/** Milliseconds between samples. */
const SAMPLE_EVERY = 5000;
/** How long, in ms, somebody who asks waits for a look at the processes: a PowerShell may have to start for it. */
const PATIENCE = 5000;
/** How long, in ms, after somebody has asked it is sampled where a look is expensive. */
const WANTED_FOR = 60_000;

export interface UsageWatchSettings {
  readonly clock: Clock;
  /** The leaders of the apps that run now. */
  readonly leaders: () => ReadonlySet<number>;
  readonly onFault: (error: unknown) => void;
}

export class UsageWatch {
  readonly #settings: UsageWatchSettings;
  readonly #sampler: UsageSampler;
  readonly #facts: Pick<SystemFacts, 'look' | 'looksAreCheap'>;
  #askedAt = -Infinity;

  constructor(settings: UsageWatchSettings, facts: Pick<SystemFacts, 'look' | 'looksAreCheap'> = system) {
    this.#settings = settings;
    this.#facts = facts;
    this.#sampler = new UsageSampler(() => settings.clock.now());
  }

  /** Samples again and again, as long as its thread lives. */
  begin(): void {
    const { clock } = this.#settings;
    clock.after(SAMPLE_EVERY, () => {
      const wanted = this.#facts.looksAreCheap || clock.now() - this.#askedAt < WANTED_FOR;
      (wanted ? this.#note() : Promise.resolve()).then(
        () => this.begin(),
        () => this.begin(),
      );
    });
  }

  /** What apps use now, by their leaders. Empty if that cannot be read. */
  now(): Promise<ReadonlyMap<number, Usage>> {
    this.#askedAt = this.#settings.clock.now();
    return this.#sample();
  }

  async #note(): Promise<void> {
    try {
      await this.#look();
      this.#sampler.note(this.#settings.leaders());
    } catch (error) {
      this.#settings.onFault(error);
    }
  }

  async #sample(): Promise<ReadonlyMap<number, Usage>> {
    try {
      await this.#look();
      return this.#sampler.sample(this.#settings.leaders());
    } catch (error) {
      this.#settings.onFault(error);
      return new Map();
    }
  }

  async #look(): Promise<void> {
    if (this.#settings.leaders().size > 0) await this.#facts.look(PATIENCE);
  }
}
