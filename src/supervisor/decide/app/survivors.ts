// The processes that an app has left behind, named or ended.
import type { ServiceCalls } from '../../../define.js';
import type { HostFunctions } from '../../model/host-functions.js';
import type { Survivors } from '../../model/messages.js';
import type { AppSurroundings } from './app-surroundings.js';

/** The processes that an app has left behind; ended if `kill` is true. */
export async function survivorsOf(
  host: Pick<ServiceCalls<HostFunctions>, 'escaped' | 'endEscaped'>,
  id: string,
  kill: boolean,
): Promise<Survivors> {
  const found = await host.escaped(id);
  if (!kill || found.length === 0) return { escaped: found, ended: [] };
  const escaped = await host.endEscaped(id);
  return { escaped, ended: found.filter((pid) => !escaped.includes(pid)) };
}

/** Ends what the last runs of an app left behind. In a crash loop it would pile up. */
export async function endLeftOver(id: string, runs: number, around: AppSurroundings): Promise<void> {
  await around.host
    .endEscaped(id, runs)
    .catch((error: unknown) => around.onFault(`${id}: what it left behind could not be ended`, error));
}
