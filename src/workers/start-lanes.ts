// The lanes of a daemon: a tier for the commands without a mark, and one for each other isolation that a command is marked with.
import { HANDLED_COMMANDS, type HandledCommand } from '../commands.js';
import type { Isolation } from '../isolation.js';
import { IpcError } from '../protocol/errors.js';
import { waitAtMost } from '../timeout.js';
import { startInlineTier } from './lanes/inline-tier.js';
import { mixTiers } from './lanes/mixed-tiers.js';
import type { Tier, TierSettings } from './lanes/tier.js';
import { startProcessTier } from './process-tier/process-tier.js';
import { startThreadTier } from './thread-tier/thread-tier.js';

export interface IsolationSettings {
  /** That of commands without a mark. */
  readonly isolation: Isolation;
  /** The isolation of single commands, by name. */
  readonly commands: Readonly<Partial<Record<HandledCommand, 'inline' | 'thread' | 'process' | undefined>>>;
}

/** How long, in ms, the end of threads and processes that were killed is waited for. A thread may be stuck in a system call. */
export const END_TIME = 1000;

const TIERS = { thread: startThreadTier, process: startProcessTier, none: startInlineTier };

/** @throws {IpcError} `LANES_UNAVAILABLE` when one of the tiers cannot be started; the others have ended then. */
export async function startLanes(
  shared: Omit<TierSettings, 'elsewhere'>,
  { isolation, commands }: IsolationSettings,
): Promise<Tier> {
  const isolationOf = (name: HandledCommand): Isolation => {
    const mark = commands[name] ?? isolation;
    return mark === 'inline' ? 'none' : mark;
  };
  const kinds = new Set([isolation, ...HANDLED_COMMANDS.map(isolationOf)]);
  const started = await Promise.allSettled(
    [...kinds].map(async (kind) => {
      const elsewhere = HANDLED_COMMANDS.filter((name) => isolationOf(name) !== kind);
      return [kind, await TIERS[kind]({ ...shared, elsewhere })] as const;
    }),
  );
  const tiers = new Map(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    for (const tier of tiers.values()) tier.close();
    const gone = Promise.all([...tiers.values()].map((tier) => tier.gone()));
    await waitAtMost(gone, END_TIME, () => undefined, shared.clock);
    const cause: unknown = failed.reason;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IpcError('LANES_UNAVAILABLE', `The commands module could not be started: ${why}`, { cause });
  }
  const tierOf = (kind: Isolation): Tier => tiers.get(kind) as Tier;
  const special = HANDLED_COMMANDS.filter((name) => isolationOf(name) !== isolation);
  return mixTiers(tierOf(isolation), new Map(special.map((name) => [name, tierOf(isolationOf(name))])));
}
