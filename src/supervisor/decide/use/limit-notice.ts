// What is said about a memory limit that this system does not enforce, or not in full.
import type { Told } from '../../system/facts.js';
import { system } from '../../system/system.js';

/** How long, in ms, the system may take to tell what it can: on Windows several programs may be tried for the first time. */
const PATIENCE = 30_000;

/** A sentence; undefined where the limit is enforced, or where there is none. */
export async function limitNotice(
  name: string,
  maxMemory: number | null | undefined,
  look: (patience: number) => Promise<Told> = system.look,
): Promise<string | undefined> {
  if (!maxMemory) return undefined;
  const told = await look(PATIENCE).catch((): Told => 'nothing');
  if (told === 'nothing')
    return `The memory limit of app ${name} is stored, but not enforced: this system does not tell how much memory processes hold`;
  if (told === 'alone')
    return `The memory limit of app ${name} counts its own process alone, and not the processes that it starts: this system does not tell which these are`;
  return undefined;
}
