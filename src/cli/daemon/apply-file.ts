// Applies a configuration file: shows what is to be started, changed and stopped, and does it.
import type { IpcClient } from '../../client/client.js';
import { appId } from '../../supervisor/model/app-id.js';
import {
  allStatuses,
  type AppStatus,
  askMessage,
  askSuccess,
  daemonInfo,
  type Done,
  knowsExtensions,
} from '../answers/wire.js';
import type { AppConfig } from '../config/app-config.js';
import type { Described } from '../input/start-arguments.js';
import { CliError, EXIT, exitCodeOf, usage } from '../terminal/exit.js';
import { print, say } from '../terminal/output.js';
import { callersEnvironment } from './environment.js';
import { inTurn } from './in-turn.js';
import { isFrom, originOf, whyNotTaken } from './origin.js';
import { nameFileIn, withId } from './start-apps.js';

type Action = 'start' | 'change' | 'restart' | 'unchanged' | 'stop';

interface Step {
  readonly name: string;
  readonly action: Action;
  /** Which keys differ, where it came from, or why it is stopped. */
  readonly why: string;
  readonly config?: AppConfig;
}

export interface ApplyOptions {
  /** Whether apps that have not changed are restarted. */
  readonly restart: boolean;
  /** Whether apps that are running already get the caller's environment. */
  readonly updateEnv: boolean;
}

/**
 * Makes the apps of a file run as it says, with a plan on stderr. Apps that came from the file and are no longer in it
 * are stopped, if all of the file is applied.
 *
 * @returns False, and nothing is done, if the daemon does not know how to.
 */
export async function applyFile(
  client: IpcClient,
  described: Described & { readonly file: string },
  options: ApplyOptions,
): Promise<boolean> {
  const { file, mode } = described;
  const statuses = await allStatuses(client);
  if (!(await daemonInfo(client)) || !knowsExtensions(statuses)) return false;
  const steps = await plan(client, described, statuses, options).catch((error: unknown) =>
    nothingApplied(error as Error, described),
  );
  if (steps.length === 0) throw noApps(file);
  say(`Plan for ${file}:`);
  for (const { name, action, why } of steps)
    say(`  ${action.padEnd(10)} ${name}${why === '' ? '' : ` (${why})`}`);
  const stops = steps.filter(({ action }) => action === 'stop');
  const others = steps.filter(({ action }) => action !== 'stop');
  const performAll = (part: readonly Step[]): Promise<void> =>
    inTurn(part, async (step) => {
      try {
        print(await perform(client, step, { file, mode }, options));
      } catch (error) {
        throw step.config ? nameFileIn(error as Error, file, step.name) : error;
      }
    });
  try {
    await performAll(others);
  } catch (error) {
    const kept = stops.map(({ name }) => name).join(', ');
    if (kept !== '') say(`Not stopped, because not every app of the file was started: ${kept}`);
    throw error;
  }
  await performAll(stops);
  return true;
}

/** Each app of the file has been checked before any was touched. */
function nothingApplied(error: Error, { apps, file }: Described): never {
  if (apps.length === 1 || exitCodeOf(error) === EXIT.unreachable) throw error;
  throw new CliError(exitCodeOf(error), `Nothing of ${file} was applied: ${error.message}`, { cause: error });
}

/** Nothing is in the file, and no app that runs came from it. */
export const noApps = (file: string | undefined): CliError => usage(`${file} has no apps.`);

async function plan(
  client: IpcClient,
  described: Described & { readonly file: string },
  statuses: readonly AppStatus[],
  { restart }: ApplyOptions,
): Promise<Step[]> {
  const { apps, file, mode, whole } = described;
  const steps: Step[] = [];
  await inTurn(apps, async (config) => {
    const { name } = config;
    const app = statuses.find((one) => one.name === appId(name));
    const refusal = app && whyNotTaken(app, described);
    if (refusal !== undefined) throw new CliError(EXIT.failed, refusal);
    const origin = app && originOf(app, file);
    try {
      steps.push(stepFor(config, await start(client, config, { file, mode }, true), restart, origin));
    } catch (error) {
      throw nameFileIn(error as Error, file, name);
    }
  });
  if (!whole) return steps;
  const ids = new Set(apps.map(({ name }) => appId(name)));
  for (const app of statuses)
    if (isFrom(app, file) && !ids.has(app.name) && app.state !== 'Stopped')
      steps.push({ name: app.name, action: 'stop', why: 'no longer in the file' });
  return steps;
}

function stepFor(
  config: AppConfig,
  { action, differs = [] }: Done,
  restart: boolean,
  origin: string | undefined,
): Step {
  const { name } = config;
  const taken = origin === undefined ? '' : `taken over from ${origin}`;
  if (action === 'changed') {
    const keys = differs.join(', ');
    return { name, action: 'change', why: taken === '' ? keys : `${keys}; ${taken}`, config };
  }
  if (action !== 'unchanged') return { name, action: 'start', why: taken, config };
  return { name, action: restart ? 'restart' : 'unchanged', why: taken, config };
}

/** A file, and the mode that was chosen in it. */
type Source = Required<Pick<Described, 'file' | 'mode'>>;

const sourceFields = ({ file, mode }: Source) => ({ source: file, ...(mode === undefined ? {} : { mode }) });

function start(client: IpcClient, config: AppConfig, source: Source, dryRun: boolean): Promise<Done> {
  const fields = {
    name: config.name,
    config: JSON.stringify(config),
    environment: callersEnvironment(),
    ...sourceFields(source),
    replace: true,
    dry_run: dryRun,
  };
  return askSuccess(client, { Start: fields });
}

async function perform(
  client: IpcClient,
  { name, action, config }: Step,
  source: Source,
  { updateEnv }: ApplyOptions,
): Promise<string> {
  if (!config) return askMessage(client, { Stop: { name } });
  if (action === 'restart' || (action === 'change' && updateEnv)) {
    const environment = updateEnv ? { environment: callersEnvironment() } : {};
    const fields = { name, config: JSON.stringify(config), ...sourceFields(source), ...environment };
    return askMessage(client, { Restart: fields });
  }
  const { message, running } = await start(client, config, source, false);
  if (typeof running === 'number') return `App ${name} is running already (pid ${running})`;
  return action === 'start' ? withId(message, name) : message;
}

/** How an app differs from the file that it came from, in words; undefined if it does not, or that cannot be told. */
export async function fileDifference(client: IpcClient, app: AppStatus): Promise<string | undefined> {
  const { name, source, source_mode: mode } = app;
  if (!source || !knowsExtensions([app])) return undefined;
  try {
    const { readConfig } = await import('../config/config-files.js');
    const config = readConfig(source, mode ?? undefined).apps.find((each) => appId(each.name) === name);
    if (!config) return 'the file no longer has this app';
    const { differs } = await start(client, config, { file: source, mode: mode ?? undefined }, true);
    return differs?.length ? `the file has another ${differs.join(', ')}` : undefined;
  } catch {
    // The file has gone or is wrong; the next command that applies it says so.
    return undefined;
  }
}
