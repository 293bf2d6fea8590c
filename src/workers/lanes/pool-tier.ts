// A tier that is a pool of lanes: they are started, connected with the service, counted and closed alike, whatever they are.
import { onAbort } from '../../abort.js';
import type { Isolation } from '../../isolation.js';
import { LanePool, type PoolSettings } from './pool.js';
import type { Tier, TierSettings } from './tier.js';

/** Starts the lanes; rejects with the error that kept one from being ready. */
export async function startPoolTier(
  settings: TierSettings,
  isolation: Isolation,
  createLane: PoolSettings['createLane'],
): Promise<Tier> {
  const pool = new LanePool({ ...settings, isolation, createLane });
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
    gone: () => pool.gone,
  };
}
