// Checks every few seconds whether an app holds more memory than it may.
import type { Clock } from '../../clock.js';

/** Milliseconds between checks. */
const CHECK_EVERY = 5000;

/** A running app with a memory limit. */
export interface Limited {
  readonly id: string;
  /** The leader of its process group. */
  readonly pid: number;
  /** Bytes. */
  readonly most: number;
}

export interface MemoryWatchSettings {
  readonly clock: Clock;
  /** The running apps with a limit, as they are now. */
  readonly limited: () => readonly Limited[];
  /** See `groupsOver`. */
  readonly groupsOver: (limits: ReadonlyMap<number, number>) => ReadonlyMap<number, number>;
  readonly onOver: (app: Limited, held: number) => void;
  readonly onFault: (error: unknown) => void;
}

/** Checks again and again, as long as its thread lives. */
export function watchMemory(settings: MemoryWatchSettings): void {
  settings.clock.after(CHECK_EVERY, () => {
    try {
      check(settings);
    } catch (error) {
      settings.onFault(error);
    }
    watchMemory(settings);
  });
}

function check({ limited, groupsOver, onOver }: MemoryWatchSettings): void {
  const apps = limited();
  const over = groupsOver(new Map(apps.map(({ pid, most }) => [pid, most])));
  for (const app of apps) {
    const held = over.get(app.pid);
    if (held !== undefined) onOver(app, held);
  }
}
