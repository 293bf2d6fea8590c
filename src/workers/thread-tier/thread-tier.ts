// Isolation 'thread': a pool of lanes, each in a thread of its own.
import { onAbort } from '../../abort.js';
import { LanePool } from '../lanes/pool.js';
import { logSettings } from '../lanes/thread-log.js';
import { ThreadLane } from './thread-lane.js';
import type { Tier, TierSettings } from '../lanes/tier.js';

/** Starts the lanes; rejects with the error that kept one from being ready. */
export async function startThreadTier(settings: TierSettings): Promise<Tier> {
  const { module, workerData, maxMessageSize, refused, commandTimeout, connectService } = settings;
  const start = {
    module,
    workerData,
    log: logSettings(settings.log, settings.logFd),
    maxMessageSize,
    refused,
    commandTimeout,
  };
  const { thread, unresponsiveAfter, onEvents, threadLog: log } = settings;
  const pool = new LanePool({
    ...settings,
    createLane: (id, hooks) =>
      new ThreadLane(
        id,
        { start, thread, unresponsiveAfter, service: connectService(), onEvents, log },
        hooks,
      ),
  });
  settings.onServiceChanged(() => pool.serviceChanged());
  const stop = onAbort(settings.signal, () => pool.close());
  try {
    await pool.start();
  } catch (error) {
    pool.close();
    throw error;
  } finally {
    stop();
  }
  return {
    lanes: pool,
    stats: () => {
      const { lanes, deaths, stuck } = pool.stats();
      return { lanes, laneDeaths: deaths, stuckThreads: stuck };
    },
    close: () => pool.close(),
  };
}
