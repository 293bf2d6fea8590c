// The keeper's process: found by what it runs and where, and killed when it does not answer.
import { statSync, writeFileSync } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { stateFiles } from '../../state/paths.js';
import {
  identify,
  isAlive,
  mayBeSignalled,
  type ProcessIdentity,
  sendSignal,
} from '../../system/processes.js';
import { eachProcess } from '../../system/scan.js';
import { readProc } from '../../system/stat.js';
import { system } from '../../system/system.js';

/** How often, in ms, a silent keeper is looked at. */
const LOOK_EVERY = 1000;
/**
 * After this many looks without an answer it is killed. They are counted and not timed: when we are held up ourselves, there
 * are no looks. One that is stopped (SIGSTOP) does not answer because of a busy machine; any other one may.
 */
const LOOKS = { stopped: 5, stuck: 30 };
/** After this many looks, nobody waits for its answers any more. */
export const LOOKS_TO_WAIT = 2;
/** How often, in ms, one that nobody can reach is looked at, and after how many looks it is killed: it may be about to end. */
const END_LOOK_EVERY = 50;
const END_LOOKS = 20;
/** How long, in ms, a killed process may take to be gone. */
const END_PATIENCE = 2000;

export interface KeeperWatch {
  readonly directory: string;
  readonly log: Logger;
}

/** The keepers of a state directory: processes of ours that were started as one, and work in that directory. Linux only. */
export async function keepersOf(directory: string): Promise<ProcessIdentity[]> {
  if (process.platform !== 'linux') return [];
  const found: ProcessIdentity[] = [];
  await eachProcess((pid) => {
    if (pid !== process.pid && isKeeper(pid, directory)) found.push(identify(pid));
  });
  const there = await Promise.all(found.map(({ pid }) => worksIn(pid, directory)));
  return found.filter((_, index) => there[index]);
}

/** Whether a process works in a folder, or in one that was removed from the path where the folder is now. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  const way = `/proc/${pid}/cwd`;
  // Not by its path: a container may have another folder there, whose keeper is seen from outside.
  const [folder, there] = await Promise.all([stat(directory), stat(way).catch(() => undefined)]);
  if (there?.ino === folder.ino && there.dev === folder.dev) return true;
  const read = (link: string): Promise<string> => readlink(link).catch(() => '');
  const [removed, theirs, ours] = await Promise.all(
    [way, `/proc/${pid}/ns/mnt`, '/proc/self/ns/mnt'].map(read),
  );
  return theirs === ours && removed === `${await realpath(directory)} (deleted)`;
}

/** @throws {Error} when it cannot be read for our own lack of descriptors or memory. */
function isKeeper(pid: number, directory: string): boolean {
  const args = readProc(`/proc/${pid}/cmdline`)?.toString('utf8').split('\0');
  return (
    args?.at(-2) === directory &&
    args.at(-3)?.endsWith('/bundle/keeper.js') === true &&
    statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.getuid?.() &&
    system.statOf(pid)?.session === pid
  );
}

/**
 * Waits for an answer, and kills a keeper that does not give it: one that is stopped after 5 s, any other one after 30 s.
 *
 * @param find The keepers that may be meant.
 * @param onLook Called while it is silent, with the number of looks.
 */
export async function answerOf<T>(
  answer: Promise<T>,
  { directory, log }: KeeperWatch,
  find: () => Promise<readonly ProcessIdentity[]>,
  onLook: (looks: number) => void = () => undefined,
): Promise<T> {
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    onLook(looks);
    if (looks < LOOKS.stopped) return;
    const seen = looks;
    find()
      .then((keepers) => {
        for (const keeper of keepers) {
          if (seen >= (isStopped(keeper) ? LOOKS.stopped : LOOKS.stuck)) kill(keeper, directory, log);
        }
      })
      .catch((err: unknown) => log.error({ err }, 'the keeper of the output cannot be found'));
  }, LOOK_EVERY);
  timer.unref();
  try {
    return await answer;
  } finally {
    clearInterval(timer);
  }
}

/** Kills what nobody can reach: a keeper whose socket is gone would share what apps print with the next one. */
export async function killUnreachable({ directory, log }: KeeperWatch): Promise<void> {
  const keepers = await keepersOf(directory);
  const mayEnd = (keeper: ProcessIdentity): boolean => isAlive(keeper) && !isStopped(keeper);
  for (let looks = 0; looks < END_LOOKS && keepers.some(mayEnd); looks += 1) await sleep(END_LOOK_EVERY);
  for (const keeper of keepers) kill(keeper, directory, log);
  const deadline = performance.now() + END_PATIENCE;
  while (keepers.some(isAlive) && performance.now() < deadline) await sleep(10);
}

const isStopped = ({ pid }: ProcessIdentity): boolean => system.statOf(pid)?.state === 'T';

function kill(keeper: ProcessIdentity, directory: string, log: Logger): void {
  const why = isStopped(keeper) ? 'was stopped (SIGSTOP)' : 'did not answer';
  if (!mayBeSignalled(keeper) || !sendSignal(keeper.pid, 'SIGKILL')) return;
  log.error({ keeper: keeper.pid }, `the keeper of the output ${why} and is killed; another one is started`);
  const sentence = `The keeper of the output (process ${keeper.pid}) ${why} and was replaced at ${new Date().toISOString()}; what apps printed meanwhile waited in their FIFOs`;
  try {
    writeFileSync(stateFiles(directory).keeperReplaced, `${sentence}\n`, { mode: 0o600 });
  } catch {
    // The disk is full, for example. The log may have had room for it.
  }
}
