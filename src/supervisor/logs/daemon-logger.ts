// The logger of the daemon and of its threads, and its level.
import { pino } from 'pino';
import { IpcError } from '../../protocol/errors.js';
import { LOG_LEVEL } from '../model/own-variables.js';
import { LogFile } from './daemon-log.js';

const LEVELS = [...Object.keys(pino.levels.values), 'silent'];

/**
 * The logger of the daemon and of its threads.
 *
 * @param path The file it writes; see {@link LogFile}.
 * @param level The least level that is written, one of pino's; default `info`.
 * @throws {IpcError} `OPTION_INVALID` for a level that there is not.
 */
export function daemonLogger(path: string, level = process.env[LOG_LEVEL] || 'info'): pino.Logger {
  if (!LEVELS.includes(level))
    throw new IpcError('OPTION_INVALID', `${LOG_LEVEL} must be one of ${LEVELS.join(', ')}, not "${level}"`);
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    new LogFile(path),
  );
}
