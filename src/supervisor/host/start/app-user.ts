// The user of an app, as the system knows it.
import type { AppConfig } from '../../model/app-config.js';
import { type Owner, ownerOf } from '../../model/owner.js';
import { system } from '../../system/system.js';
import type { User } from '../../system/users.js';

/** Undefined for the daemon's own user, and for one that is not known. */
export async function appUser({ uid }: Pick<AppConfig, 'uid'>): Promise<User | undefined> {
  return uid === null ? undefined : system.userOf(uid);
}

export async function appOwner(config: AppConfig): Promise<Owner | undefined> {
  return ownerOf(config, await appUser(config));
}
