// Reads the files of records as they are. Apart from their check, so that a command does not load zod for them.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName } from '../model/file-name.js';
import type { AppRecord } from '../model/app-record.js';
import { isOwnDirectory, readOwnFile } from './own-files.js';

/**
 * Reads the records of a directory without checking what they say. Reports a file that is not a record, that another
 * user may have written, or that `read` fails to read, to `onFault` and leaves it untouched.
 */
export async function readRecords(
  directory: string,
  onFault: (file: string, error: Error) => Promise<void> | void,
  read: (path: string) => Promise<string> = readOwnFile,
): Promise<AppRecord[]> {
  if (!(await isOwnDirectory(directory))) return [];
  const records: AppRecord[] = [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.json')) continue;
    const file = join(directory, name);
    try {
      const record = JSON.parse(await read(file)) as Partial<AppRecord> | null;
      if (
        record?.version !== 1 ||
        `${fileName(record.id ?? '')}.json` !== name ||
        !record.config ||
        !record.state
      )
        throw new Error('it is not a record of an app');
      records.push(record as AppRecord);
    } catch (error) {
      await onFault(file, error as Error);
    }
  }
  return records;
}
