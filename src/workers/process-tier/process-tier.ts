// Isolation 'process': a pool of lanes, each in a child process of its own.
import { startPoolTier } from '../lanes/pool-tier.js';
import { logSettings } from '../lanes/thread-log.js';
import type { Tier, TierSettings } from '../lanes/tier.js';
import { WorkerLane } from '../lanes/worker-lane.js';
import { SharedState } from '../link/claims.js';
import { CHILD_FD } from '../link/process-messages.js';
import { ProcessLink } from './process-link.js';

/** Starts the lanes; rejects with the error that kept one from being ready. */
export function startProcessTier(settings: TierSettings): Promise<Tier> {
  const { daemon, module, workerData, maxMessageSize, commandTimeout, unresponsiveAfter, elsewhere, logFd } =
    settings;
  const { measureLoops, thread: options, maxMemory, onEvents, threadLog, refused, clock } = settings;
  // The descriptor has another number in the processes.
  const log = logSettings(settings.log, logFd === undefined ? undefined : CHILD_FD.log);
  return startPoolTier(settings, 'process', (id, hooks) => {
    const name = `lane ${id}`;
    const given = { daemon, module, workerData, log, maxMessageSize };
    const task = { ...given, name, commandTimeout, elsewhere, measureLoops };
    const shared = new SharedState(SharedState.allocateLocal());
    return new WorkerLane(
      id,
      {
        commandTimeout,
        unresponsiveAfter,
        shared,
        link: (linkHooks) =>
          new ProcessLink(
            {
              task,
              options,
              logFd,
              maxMemory,
              onEvents,
              log: threadLog,
              refused: (count) => refused.add(count),
              clock,
            },
            linkHooks,
            shared,
          ),
      },
      hooks,
    );
  });
}
