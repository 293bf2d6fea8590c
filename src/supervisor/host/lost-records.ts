// Writes the records of apps again that somebody has removed: the next daemon would not know what runs.
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import type { stateFiles } from '../state/paths.js';
import type { Store } from '../state/store.js';
import type { HeldApp } from './held-app.js';
import { poll } from './poll.js';

/** Milliseconds between two looks. */
const LOOK_EVERY = 5000;

/** Looks until the returned function is called. An app that is being started or removed is left to that. */
export function watchRecords(
  files: Pick<ReturnType<typeof stateFiles>, 'apps' | 'app'>,
  apps: () => Iterable<HeldApp>,
  store: Pick<Store, 'save'>,
): () => void {
  return poll(LOOK_EVERY, () => {
    namesIn(files.apps)
      .then((names) => {
        for (const { record, isChanging } of apps())
          if (!isChanging && !names.has(basename(files.app(record.id))))
            // What cannot be written is reported and tried again by the store.
            store.save(record.id, record).catch(() => undefined);
      })
      // A folder that cannot be read tells nothing.
      .catch(() => undefined);
  });
}

async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return new Set(names);
}
