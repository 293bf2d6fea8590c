// Isolation 'thread': a pool of lanes, each in a thread of its own.
import { startPoolTier } from '../lanes/pool-tier.js';
import { logSettings } from '../lanes/thread-log.js';
import type { Tier, TierSettings } from '../lanes/tier.js';
import { threadLane } from './thread-lane.js';

/** Starts the lanes; rejects with the error that kept one from being ready. */
export function startThreadTier(settings: TierSettings): Promise<Tier> {
  const { daemon, module, workerData, maxMessageSize, refused, commandTimeout, elsewhere } = settings;
  const { measureLoops } = settings;
  const log = logSettings(settings.log, settings.logFd);
  const start = {
    daemon,
    module,
    workerData,
    log,
    maxMessageSize,
    refused: refused.memory,
    commandTimeout,
    elsewhere,
    measureLoops,
  };
  const { thread, unresponsiveAfter, onEvents, threadLog } = settings;
  return startPoolTier(settings, 'thread', (id, hooks) =>
    threadLane(id, { start, thread, unresponsiveAfter, onEvents, log: threadLog }, hooks),
  );
}
