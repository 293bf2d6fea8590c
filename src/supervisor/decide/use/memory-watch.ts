// Checks every few seconds whether an app holds more memory than it may.
import type { Clock } from '../../../clock.js';
import type { Told } from '../../system/facts.js';

/** Milliseconds between checks. */
const CHECK_EVERY = 5000;
/** How long, in ms, a look at the processes may take. */
const PATIENCE = 20_000;

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
  /** See `SystemFacts.look`. */
  readonly look: (patience: number) => Promise<Told>;
  /**
   * Called once when the system tells nothing, so that the limits of these apps are not enforced; again only after it
   * has told something.
   */
  readonly onBlind: (apps: readonly Limited[]) => void;
  /** See `groupsOver`. */
  readonly groupsOver: (limits: ReadonlyMap<number, number>) => ReadonlyMap<number, number>;
  readonly onOver: (app: Limited, held: number) => void;
  readonly onFault: (error: unknown) => void;
}

/** Checks again and again, as long as its thread lives. */
export function watchMemory(settings: MemoryWatchSettings, wasBlind = false): void {
  settings.clock.after(CHECK_EVERY, () => {
    check(settings, wasBlind).then(
      (blind) => watchMemory(settings, blind),
      (error: unknown) => {
        settings.onFault(error);
        watchMemory(settings, wasBlind);
      },
    );
  });
}

/** Resolves with whether nothing was told. */
async function check(
  { limited, look, groupsOver, onOver, onBlind }: MemoryWatchSettings,
  wasBlind: boolean,
): Promise<boolean> {
  if (limited().length === 0) return false;
  const told = await look(PATIENCE);
  // As they are after the look.
  const apps = limited();
  if (told === 'nothing') {
    if (!wasBlind && apps.length > 0) onBlind(apps);
    return true;
  }
  const over = groupsOver(new Map(apps.map(({ pid, most }) => [pid, most])));
  for (const app of apps) {
    const held = over.get(app.pid);
    if (held !== undefined) onOver(app, held);
  }
  return false;
}
