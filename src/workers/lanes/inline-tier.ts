// Isolation 'none': one lane on the main thread.
import { waitAtMost } from '../../timeout.js';
import { ServiceClient } from '../run/service-client.js';
import { InlineLane } from './inline-lane.js';
import { START_TIMEOUT } from './pool.js';
import type { Tier, TierSettings } from './tier.js';

/** Loads the commands module and sets it up. */
export async function startInlineTier(settings: TierSettings): Promise<Tier> {
  const service = new ServiceClient();
  const connect = (): void => service.connect(settings.connectService());
  connect();
  settings.onServiceChanged(connect);
  const starting = InlineLane.start({ ...settings, serviceFor: (signal) => service.calls(signal) });
  const late = (): never => {
    throw new Error(`its module was not loaded within ${START_TIMEOUT} ms`);
  };
  const lane = await waitAtMost(starting, START_TIMEOUT, late, settings.clock);
  let closed = false;
  return {
    lanes: { pick: () => lane, down: undefined },
    stats: () => ({
      lanes: closed
        ? []
        : [{ id: lane.id, isolation: 'none', state: 'ready', inFlight: lane.load, restarts: 0 }],
      laneDeaths: 0,
      stuckThreads: 0,
    }),
    close() {
      closed = true;
      lane.close();
      service.connect('the daemon is shutting down');
    },
    gone: () => Promise.resolve(),
  };
}
