// Applies the file of `daemon -c FILE`: apps that it declares run, and apps that it no longer declares are stopped.
import type { IpcError } from '../../protocol/errors.js';
import type { AppConfig } from '../model/app-config.js';
import { appId, whyNotAName } from '../model/app-id.js';
import type { DeclaredFile, DeclaredOutcome } from '../model/declared-file.js';
import { isSameFile } from '../state/same-file.js';
import type { App } from './app/app.js';
import { isToBeUp } from './app/resumed.js';
import type { AppRegistry } from './app-registry.js';
import type { Requests } from './requests.js';

/** Whether a file has a say in an app: it declares it now, or did when it was applied last. */
export async function concerns(
  declared: DeclaredFile | null,
  id: string,
  source: string | null,
): Promise<boolean> {
  if (declared === null) return false;
  return declared.apps.some(({ name }) => appId(name) === id) || isSameFile(declared.file, source);
}

/** Applies a file; resolves with an outcome for each of its apps, and for each that it no longer declares. */
export async function applyFile(
  declared: DeclaredFile,
  apps: AppRegistry,
  requests: Requests,
): Promise<DeclaredOutcome[]> {
  const { file, apps: configs } = declared;
  const ids = new Set(configs.map(({ name }) => appId(name)));
  // The path may be spelled otherwise than when it was applied last.
  const ours = new Set<App>();
  for (const app of apps.all()) if (await isSameFile(file, app.decided.source)) ours.add(app);
  const gone = [...ours].filter(({ id }) => !ids.has(id));
  // Side by side: an app that takes its time to stop keeps no other from its start.
  const outcomes = await Promise.all([
    ...configs.map((config) => guarded(config.name, () => declare(config, declared, ours, apps, requests))),
    ...gone.map((app) => guarded(app.config.name, () => retire(app, requests))),
  ]);
  return outcomes.filter((outcome) => outcome !== undefined);
}

type Outcome = Omit<DeclaredOutcome, 'app'>;

/** A bad app does not keep the others from starting. */
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
  ours: ReadonlySet<App>,
  apps: AppRegistry,
  requests: Requests,
): Promise<Outcome> {
  const id = appId(config.name);
  const why = whyNotAName(config.name);
  if (id === undefined || why !== undefined) throw new Error(why);
  const known = apps.get(id);
  // A Restart that a former daemon had begun is finished by a start.
  const rests = known === undefined || (known.state.status === 'Stopped' && !known.state.restarting);
  const ofFile = known !== undefined && ours.has(known);
  // Without auto_start, too, an app is up again that a shutdown has stopped and whose policy says so.
  if (rests && !config.auto_start && !(known && isToBeUp(known.state, config))) {
    if (ofFile) await known.change({ config, source: file });
    return { outcome: 'not-started' };
  }
  // Only if it was stopped while this file declared it: an app that is new in the file is to run.
  if (ofFile && rests && known.state.wanted === 'stopped') {
    await known.change({ config, source: file });
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
