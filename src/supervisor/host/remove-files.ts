// Removes the files of an app that is to be forgotten; its logs stay.
import type { Store } from '../state/store.js';
import { system } from '../system/system.js';
import type { AppOutputs } from './output/app-output.js';
import { AppFiles } from './windows/app-files.js';

/**
 * @param held The folder of the files that runs hold.
 * @throws {Error} that names the file which stays.
 */
export async function removeFiles(
  id: string,
  outputs: AppOutputs,
  held: string,
  store: Store,
): Promise<void> {
  try {
    await outputs.remove(id);
    // The look removes the files of its runs that have ended.
    if (!system.tellsGroups) await new AppFiles(held).anyHeld(id);
    await store.save(id, null);
  } catch (cause) {
    throw new Error(`its files cannot be removed: ${(cause as Error).message}`, { cause });
  }
}
