// The user and the group that an app runs as.
import type { AppConfig } from './app-config.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Undefined for an app that runs as the daemon's own user. The daemon's group may be root's, and would give another
 * user's process rights that it should not have. So an app has the group of its user, unless its configuration names
 * one.
 *
 * @param user That user, if it is known.
 */
export function ownerOf(
  { uid, gid }: Pick<AppConfig, 'uid' | 'gid'>,
  user: { readonly gid: number } | undefined,
): Owner | undefined {
  return uid === null ? undefined : { uid, gid: gid ?? user?.gid ?? uid };
}
