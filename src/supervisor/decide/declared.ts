// Applies the file of `daemon -c FILE`: apps that it declares run, and apps that it no longer declares are stopped.
import type { IpcError } from '../../protocol/errors.js';
import type { AppConfig } from '../model/app-config.js';
import { appId, whyNotAName } from '../model/app-id.js';
import { configDifferences } from '../model/config-differences.js';
import type { DeclaredFile, DeclaredOutcome } from '../model/declared-file.js';
import type { App } from './app/app.js';
import type { AppRegistry } from './app-registry.js';
import type { Requests } from './requests.js';

/** Whether a file has a say in an app: it declares it now, or did when it was applied last. */
export function concerns(declared: DeclaredFile | null, id: string, source: string | null): boolean {
  if (declared === null) return false;
  return source === declared.file || declared.apps.some(({ name }) => appId(name) === id);
}

/** Applies a file; resolves with an outcome for each of its apps, and for each that it no longer declares. */
export async function applyFile(
  declared: DeclaredFile,
  apps: AppRegistry,
  requests: Requests,
): Promise<DeclaredOutcome[]> {
  const { file, apps: configs } = declared;
  const ids = new Set(configs.map(({ name }) => appId(name)));
  const gone = apps.all().filter(({ id, decided }) => decided.source === file && !ids.has(id));
  // Side by side: an app that takes its time to stop keeps no other from its start.
  const outcomes = await Promise.all([
    ...configs.map((config) => guarded(config.name, () => declare(config, declared, apps, requests))),
    ...gone.map((app) => guarded(app.config.name, () => retire(app, requests))),
  ]);
  return outcomes.filter((outcome) => outcome !== undefined);
}

type Outcome = Omit<DeclaredOutcome, 'app'>;

/** One bad app keeps no other from its start. */
async function guarded(
  app: string,
  act: () => Promise<Outcome | undefined>,
): Promise<DeclaredOutcome | undefined> {
  try {
    const outcome = await act();
    return outcome && { app, ...outcome };
  } catch (error) {
    // The daemon was told to end meanwhile: the next one applies the file.
    if ((error as IpcError).code === 'SHUTTING_DOWN') return undefined;
    return { app, outcome: 'failed', why: (error as Error).message };
  }
}

async function declare(
  config: AppConfig,
  { file, faults }: DeclaredFile,
  apps: AppRegistry,
  requests: Requests,
): Promise<Outcome> {
  const id = appId(config.name);
  const why = whyNotAName(config.name);
  if (id === undefined || why !== undefined) throw new Error(why);
  const known = apps.get(id);
  // A Restart that a former daemon had begun is finished by a start.
  const rests = known === undefined || (known.state.status === 'Stopped' && !known.state.restarting);
  if (rests && !config.auto_start) {
    if (known && known.decided.source === file) await known.change({ config });
    return { outcome: 'not-started' };
  }
  // Only if it was stopped while this file declared it: an app that is new in the file is to run.
  if (known && rests && known.state.wanted === 'stopped' && known.decided.source === file) {
    const differs = configDifferences(known.config, config).length > 0;
    if (differs) await known.change({ config });
    return { outcome: 'kept-stopped' };
  }
  const fault = faults.get(config.name);
  if (fault !== undefined) throw new Error(fault);
  const { action } = await requests.start({
    name: config.name,
    id,
    config,
    environment: undefined,
    source: file,
    mode: null,
    replace: true,
    dryRun: false,
  });
  return { outcome: action };
}

/** Stops an app that is no longer declared; it does not belong to a file any more. */
async function retire(app: App, requests: Requests): Promise<Outcome | undefined> {
  const runs = app.state.status !== 'Stopped';
  const which = { name: app.config.name, id: app.id };
  if (runs) await requests.stop(which, false);
  else if (app.state.restarting) await app.stop();
  await app.change({ source: null, mode: null });
  return runs ? { outcome: 'stopped' } : undefined;
}
