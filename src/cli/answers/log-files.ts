// Reads the logs of apps from their files, for when there is no daemon, or it no longer knows the app.
import { readdirSync } from 'node:fs';
import { appId } from '../../supervisor/model/app-id.js';
import { stateFiles } from '../../supervisor/state/paths.js';
import { readTail } from '../../supervisor/logs/tail.js';
import { CliError, EXIT } from '../terminal/exit.js';
import type { Logs } from './wire.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** The logs of these apps by their ids, or of all apps that have log files. */
export async function logsFromFiles(
  state: string,
  names: readonly string[] | null,
  lines: number,
): Promise<[string, Logs][]> {
  const files = stateFiles(state);
  const known = new Set(listed(files.logs).map((file) => file.replace(/\.(out|err)\.log$/, '')));
  const read = async (id: string): Promise<Logs> => {
    const [output, errors] = await Promise.all([
      readTail(files.rawLog(id, 'stdout'), lines, MAX_BYTES),
      readTail(files.rawLog(id, 'stderr'), lines, MAX_BYTES),
    ]);
    return {
      output: output.lines,
      errors: errors.lines,
      ends: { stdout: output.end, stderr: errors.end },
    };
  };
  const wanted =
    names?.map((name) => {
      const id = appId(name);
      if (id === undefined || !known.has(id))
        throw new CliError(EXIT.notFound, `App ${name} not found: it has no log files`);
      return id;
    }) ?? [...known].sort();
  const logs: [string, Logs][] = [];
  for (const id of wanted) logs.push([id, await read(id)]);
  return logs;
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory).filter((file) => /\.(out|err)\.log$/.test(file));
  } catch {
    return [];
  }
}
