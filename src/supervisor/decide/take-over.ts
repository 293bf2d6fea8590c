// Takes one app over from a former supervisor, and starts it if it is to be up.
import type { IpcError } from '../../protocol/errors.js';
import type { DeclaredFile } from '../model/declared-file.js';
import type { AppInventory } from '../model/host-functions.js';
import type { App } from './app/app.js';
import type { StartOptions } from './app/inputs.js';
import { isToBeUp } from './app/resumed.js';
import type { AppRegistry } from './app-registry.js';
import { concerns } from './declared.js';

/** A disk may come late: what cannot be started yet is tried again. */
const BY_ITSELF: StartOptions = { automatic: true, onFailure: 'try-again' };

/** Resolves when the app is taken over; one that is still to end for a Restart is started later. */
export async function takeOver(
  apps: AppRegistry,
  { record, live, exit, intoFiles }: AppInventory,
  declared: DeclaredFile | null,
  onFault: (what: string, error: unknown) => void,
): Promise<void> {
  const { id, config, environment, state, source, mode, process } = record;
  const app = apps.add(id, { config, environment, state, source, mode });
  await app.resume(live, exit, process?.pid ?? null, intoFiles);
  // The file may have another configuration for it, or none.
  if (await concerns(declared, id, source)) return;
  const { status, restarting } = app.state;
  if (status === 'Stopped' && restarting) await app.input({ type: 'start', ...BY_ITSELF, counted: true });
  else if (status === 'Stopping' && restarting) finishRestart(app, onFault);
  else if (status === 'Stopped' && isToBeUp(app.state, app.config))
    await app.input({ type: 'start', ...BY_ITSELF });
}

/** Starts it when it has ended. Commands on it wait for that, as they wait for a Restart. */
function finishRestart(app: App, onFault: (what: string, error: unknown) => void): void {
  app
    .command(() => app.start({}, { ...BY_ITSELF, counted: true }))
    .catch((error: unknown) => {
      if ((error as IpcError).code !== 'SHUTTING_DOWN') onFault(`${app.id}: restart`, error);
    });
}
