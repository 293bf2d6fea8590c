// Reads the records that a former daemon wrote. A file that is not a record of an app is put aside; the others are used.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { IpcError } from '../../protocol/errors.js';
import { recordOf } from '../../protocol/record.js';
import { recordedAppConfig } from '../model/app-config.js';
import { fileName } from '../model/file-name.js';
import type { AppRecord } from '../model/app-record.js';
import { STOPPED } from '../model/app-state.js';
import { isOfTheSystem, type Reading, readPatiently } from './patient-read.js';
import { readRecords } from './record-files.js';

/** Most daemons find no records when they start. */
function makeSchema() {
  const exit = z.object({ code: z.int().nullable(), signal: z.string().nullable(), unknown: z.boolean() });

  /** A record of an older version may lack a field: the field is then as in an app that was never started. */
  const state = z.object({
    status: z.enum(['Stopped', 'Starting', 'Running', 'Stopping', 'Backoff']),
    wanted: z.enum(['running', 'stopped']),
    resting: z.boolean().default(STOPPED.resting),
    restarting: z.boolean().default(STOPPED.restarting),
    overLimit: z.boolean().default(STOPPED.overLimit),
    pid: z.int().nullable().default(STOPPED.pid),
    startedAt: z.number().nullable().default(STOPPED.startedAt),
    restarts: z.int().default(STOPPED.restarts),
    attempt: z.int().default(STOPPED.attempt),
    exhausted: z.boolean().default(STOPPED.exhausted),
    lastExit: exit.nullable().default(STOPPED.lastExit),
    lastExitReason: z
      .enum(['exit', 'crash', 'stop', 'max_memory', 'unknown', 'elsewhere'])
      .nullable()
      .default(STOPPED.lastExitReason),
    retryAt: z.number().nullable().default(STOPPED.retryAt),
    lastError: z.string().nullable().default(STOPPED.lastError),
  });

  return z.object({
    version: z.literal(1),
    id: z.string().min(1),
    environment: recordOf(z.string(), z.string()).nullable().default(null),
    state,
    source: z.string().nullable().default(null),
    mode: z.string().nullable().default(null),
    nonce: z.string().min(1),
    output: z.enum(['pipes', 'files']).optional(),
    process: z
      .object({
        pid: z.int().positive(),
        startTime: z.string().nullable(),
        bootId: z.string().nullable(),
        pidNamespace: z.string().nullable().optional(),
        machine: z.string().nullable().optional(),
        host: z.string().optional(),
        held: z.string().optional(),
      })
      .nullable(),
  });
}

let made: ReturnType<typeof makeSchema> | undefined;

/** @throws {Error} when it is not a record. */
function check(given: AppRecord): AppRecord {
  made ??= makeSchema();
  return { ...made.parse(given), config: recordedAppConfig(given.config) };
}

/**
 * Reads every record of a directory. A file that is not a record, or that another user may have written, is reported to
 * `onFault` and renamed to `FILE.bad`. So no later app of its name overwrites it.
 *
 * @throws {IpcError} `ENDPOINT_UNUSABLE` when the system fails to read a file: its app may run, and would be forgotten.
 */
export async function checkedRecords(
  directory: string,
  onFault: (file: string, error: Error) => void,
  reading?: Reading,
): Promise<AppRecord[]> {
  const putAside = async (file: string, error: unknown): Promise<void> => {
    if (isOfTheSystem(error)) throw unreadable(file, error as Error);
    onFault(file, error as Error);
    await rename(file, `${file}.bad`).catch((cause: unknown) => onFault(file, cause as Error));
  };
  const records: AppRecord[] = [];
  for (const given of await readRecords(directory, putAside, (file) => readPatiently(file, reading))) {
    try {
      records.push(check(given));
    } catch (error) {
      await putAside(join(directory, `${fileName(given.id)}.json`), error);
    }
  }
  return records;
}

const unreadable = (file: string, cause: Error): IpcError =>
  new IpcError(
    'ENDPOINT_UNUSABLE',
    `The record of an app cannot be read, so the daemon does not start, or it could start the app a second time; start it again when the file can be read: ${file} (${cause.message})`,
    { cause },
  );
