// The soft limit of open files that apps get: the limit with which the daemon was started, before Node raised it.
import type { Logger } from 'pino';
import { findPrlimit, givenOpenFiles, openFilesOf } from '../../system/open-files.js';
import type { SoftLimit } from './spawn.js';

/** How apps get the limit; undefined if the daemon's own limit is right, or if another limit cannot be set. */
export async function softLimit(log: Logger): Promise<SoftLimit | undefined> {
  const openFiles = givenOpenFiles(process.env['BUNCTL_OPEN_FILES']);
  const own = openFilesOf('self');
  if (openFiles === undefined || own === undefined || openFiles === own.soft) return undefined;
  const prlimit = await findPrlimit();
  if (prlimit === undefined) {
    log.warn(
      { openFiles, own: own.soft },
      'apps get the daemon’s own limit of open files, because prlimit (of util-linux) is not installed',
    );
    return undefined;
  }
  // More than the hard limit cannot be set.
  return { prlimit, openFiles: Math.min(openFiles, own.hard) };
}
