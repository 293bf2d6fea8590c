// Stops every app for a shutdown: side by side, each with its own timeout.
import type { ServiceCalls } from '../../define.js';
import type { HostFunctions } from '../model/host-functions.js';
import type { ShutdownResult } from '../model/messages.js';
import type { AppRegistry } from './app-registry.js';
import { survivorsOf } from './app/survivors.js';

/** Prevents all further starts and stops all apps. If one app cannot be stopped, the others still are. */
export async function stopAll(
  registry: AppRegistry,
  host: Pick<ServiceCalls<HostFunctions>, 'escaped' | 'endEscaped'>,
  killsEscaped: () => boolean | Promise<boolean>,
): Promise<ShutdownResult> {
  registry.close();
  let stopped = 0;
  const failed: string[] = [];
  const apps = registry.all();
  await Promise.all(
    apps.map((app) =>
      app
        .command(async () => {
          if (app.state.status === 'Running' || app.state.status === 'Stopping') stopped += 1;
          await app.stop({ keepWanted: true });
        })
        .catch((error: unknown) => failed.push(`${app.id}: ${(error as Error).message}`)),
    ),
  );
  const unsaved: string[] = [];
  for (const app of apps) {
    const why = await app.whyUnsaved();
    if (why !== undefined) unsaved.push(`${app.id}: ${why}`);
  }
  const kill = await killsEscaped();
  const survivors = await Promise.all(
    apps.map(async (app) => ({ app: app.id, ...(await survivorsOf(host, app.id, kill)) })),
  );
  return {
    stopped,
    failed,
    unsaved,
    survivors: survivors.filter(({ escaped, ended }) => escaped.length + ended.length > 0),
  };
}
