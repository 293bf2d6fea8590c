// What a former daemon wrote down, checked: a file that is no record of an app is put aside, and everything else goes on.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkAppConfig } from '../model/app-config.js';
import type { AppRecord } from '../model/app-record.js';
import { STOPPED } from '../model/app-state.js';
import { readRecords } from './store.js';

const exit = z.object({ code: z.int().nullable(), signal: z.string().nullable(), unknown: z.boolean() });

/** What is missing is as in an app that was never started: a record of an older version may lack it. */
const state = z.object({
  status: z.enum(['Stopped', 'Starting', 'Running', 'Stopping', 'Backoff']),
  wanted: z.enum(['running', 'stopped']),
  overLimit: z.boolean().default(STOPPED.overLimit),
  pid: z.int().nullable().default(STOPPED.pid),
  startedAt: z.number().nullable().default(STOPPED.startedAt),
  restarts: z.int().default(STOPPED.restarts),
  attempt: z.int().default(STOPPED.attempt),
  exhausted: z.boolean().default(STOPPED.exhausted),
  lastExit: exit.nullable().default(STOPPED.lastExit),
  retryAt: z.number().nullable().default(STOPPED.retryAt),
  lastError: z.string().nullable().default(STOPPED.lastError),
});

const record = z.object({
  version: z.literal(1),
  id: z.string().min(1),
  environment: z.record(z.string(), z.string()).nullable().default(null),
  state,
  nonce: z.string().min(1),
  process: z
    .object({ pid: z.int().positive(), startTime: z.string().nullable(), bootId: z.string().nullable() })
    .nullable(),
});

/** @throws {Error} when it is no record. */
function check(given: AppRecord): AppRecord {
  return { ...record.parse(given), config: checkAppConfig(given.config) };
}

/**
 * Reads every record of a directory. A file that is none becomes `FILE.bad`, so that no later app of its name writes
 * over it, and is told to `onFault`.
 */
export function checkedRecords(
  directory: string,
  onFault: (file: string, error: Error) => void,
): AppRecord[] {
  const putAside = (file: string, error: unknown): void => {
    onFault(file, error as Error);
    try {
      renameSync(file, `${file}.bad`);
    } catch (cause) {
      onFault(file, cause as Error);
    }
  };
  const records: AppRecord[] = [];
  for (const given of readRecords(directory, putAside)) {
    try {
      records.push(check(given));
    } catch (error) {
      putAside(join(directory, `${given.id}.json`), error);
    }
  }
  return records;
}
