// Looks every few seconds whether an app holds more memory than it may.
import type { Clock } from '../../clock.js';

/** Milliseconds between looks. */
const LOOK_EVERY = 5000;

/** An app that runs and has a limit. */
export interface Limited {
  readonly id: string;
  /** Its leader, whose number is its process group's. */
  readonly pid: number;
  /** Bytes. */
  readonly most: number;
}

export interface MemoryWatchSettings {
  readonly clock: Clock;
  /** The apps that run and have a limit, now. */
  readonly limited: () => readonly Limited[];
  /** See `groupsOver`. */
  readonly groupsOver: (limits: ReadonlyMap<number, number>) => ReadonlyMap<number, number>;
  readonly onOver: (app: Limited, held: number) => void;
  readonly onFault: (error: unknown) => void;
}

/** Looks again and again, for as long as its thread lives. */
export function watchMemory(settings: MemoryWatchSettings): void {
  settings.clock.after(LOOK_EVERY, () => {
    try {
      look(settings);
    } catch (error) {
      settings.onFault(error);
    }
    watchMemory(settings);
  });
}

function look({ limited, groupsOver, onOver }: MemoryWatchSettings): void {
  const apps = limited();
  const over = groupsOver(new Map(apps.map(({ pid, most }) => [pid, most])));
  for (const app of apps) {
    const held = over.get(app.pid);
    if (held !== undefined) onOver(app, held);
  }
}
