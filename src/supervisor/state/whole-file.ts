// Writes a file whole or not at all, readable by its owner only.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { prepareStateDirectory } from './own-files.js';
import { replaceFile } from './replace.js';

/** Writes under another name first, so that a crash or a full disk leaves the former version. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const made = `${path}.new`;
  try {
    const file = await openNew(made);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await replaceFile(made, path);
  } catch (error) {
    await rm(made, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Makes the folder again if somebody has removed it. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await prepareStateDirectory(dirname(path));
    return open(path, 'w', 0o600);
  }
}
