// What the apps use: for status, and against their memory limits.
import type { Logger } from 'pino';
import { systemClock } from '../../../clock.js';
import { groupsOver } from '../../system/group-memory.js';
import { system } from '../../system/system.js';
import type { Usage } from '../../system/usage.js';
import type { AppRegistry } from '../app-registry.js';
import { type Limited, watchMemory } from './memory-watch.js';
import { UsageWatch } from './usage-watch.js';

export class Resources {
  readonly #apps: AppRegistry;
  readonly #log: Logger;
  readonly #usage: UsageWatch;

  constructor(apps: AppRegistry, log: Logger) {
    this.#apps = apps;
    this.#log = log;
    this.#usage = new UsageWatch({
      clock: systemClock,
      leaders: () => this.#leaders(),
      onFault: (err) => log.warn({ err }, 'what the apps use could not be read'),
    });
  }

  /** Looks from now on, as long as the thread lives. */
  begin(): void {
    this.#usage.begin();
    watchMemory({
      clock: systemClock,
      limited: () => this.#limited(),
      look: system.look,
      onBlind: (apps) =>
        this.#log.warn(
          { apps: apps.map(({ id }) => id) },
          'the memory limits of apps are not enforced: this system does not tell how much memory processes hold',
        ),
      groupsOver,
      onOver: (app, held) => this.#overMemory(app, held),
      onFault: (err) => this.#log.warn({ err }, 'the memory of apps could not be checked'),
    });
  }

  /** By the number of each app's process. */
  usage(): Promise<ReadonlyMap<number, Usage>> {
    return this.#usage.now();
  }

  #leaders(): ReadonlySet<number> {
    return new Set(this.#apps.all().flatMap(({ state }) => state.pid ?? []));
  }

  #limited(): Limited[] {
    return this.#apps
      .all()
      .flatMap(({ id, config, state }) =>
        config.max_memory && state.status === 'Running' && state.pid !== null
          ? [{ id, pid: state.pid, most: config.max_memory }]
          : [],
      );
  }

  #overMemory({ id, pid, most }: Limited, held: number): void {
    this.#log.warn(
      { app: id, appPid: pid, held, most },
      'an app holds more memory than it may, and is ended',
    );
    this.#apps.get(id)?.tell({ type: 'over-memory', pid });
  }
}
