// The user and the group that an app runs as.
import type { AppConfig } from './app-config.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Undefined for an app that runs as whom the daemon runs as. With the daemon's own group, which may be root's, another
 * user's process could do what it is not meant to, so it has that user's group, unless its configuration names one.
 *
 * @param user That user, if it is known.
 */
export function ownerOf(
  { uid, gid }: Pick<AppConfig, 'uid' | 'gid'>,
  user: { readonly gid: number } | undefined,
): Owner | undefined {
  return uid === null ? undefined : { uid, gid: gid ?? user?.gid ?? uid };
}
