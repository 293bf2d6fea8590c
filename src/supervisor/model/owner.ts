// The user and the group that an app runs as.
import type { AppConfig } from './app-config.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined for an app that runs as whom the daemon runs as. */
export function ownerOf({ uid, gid }: AppConfig): Owner | undefined {
  return uid === null ? undefined : { uid, gid: gid ?? uid };
}
