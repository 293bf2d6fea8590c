// The surroundings of an app: its host, its clock, the follower of its output, and the receiver of its reports.
import type { Clock } from '../../../clock.js';
import type { Publish, ServiceCalls } from '../../../define.js';
import type { LogFollower } from '../../logs/log-follower.js';
import type { HostFunctions } from '../../model/host-functions.js';

export interface AppSurroundings {
  readonly host: ServiceCalls<HostFunctions>;
  readonly publish: Publish;
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  readonly follower: Pick<LogFollower, 'follow' | 'ended' | 'forget'>;
  /** Resolves when what apps print from now on becomes events. */
  readonly linesReady: () => Promise<void>;
  readonly onFault: (what: string, error: unknown) => void;
  /** The app is gone for good. */
  readonly onRemoved: (id: string) => void;
}
