// A lane in a thread of its own.
import type { AcceptEvents } from '../../ports.js';
import type { LaneHooks } from '../lanes/pooled-lane.js';
import type { ThreadLog } from '../lanes/thread-log.js';
import type { ThreadOptions } from '../lanes/tier.js';
import { WorkerLane } from '../lanes/worker-lane.js';
import { SharedState } from '../link/claims.js';
import type { LaneStart } from '../link/messages.js';
import { ThreadLink } from './thread-link.js';

/** The settings with which a lane is started. */
export interface LaneSettings {
  readonly start: Pick<
    LaneStart,
    | 'daemon'
    | 'module'
    | 'workerData'
    | 'log'
    | 'maxMessageSize'
    | 'refused'
    | 'commandTimeout'
    | 'elsewhere'
    | 'measureLoops'
  >;
  readonly thread: ThreadOptions;
  readonly unresponsiveAfter: number;
  readonly onEvents: AcceptEvents;
  readonly log: ThreadLog;
}

/** Starts a thread and makes the lane in it. */
export function threadLane(id: number, settings: LaneSettings, hooks: LaneHooks): WorkerLane {
  const { start, thread, unresponsiveAfter, onEvents, log } = settings;
  const shared = new SharedState();
  return new WorkerLane(
    id,
    {
      commandTimeout: start.commandTimeout,
      unresponsiveAfter,
      shared,
      link: (linkHooks) =>
        new ThreadLink(
          { ...start, role: 'lane', name: `lane ${id}` },
          thread,
          { ...linkHooks, onEvents, log },
          shared,
        ),
    },
    hooks,
  );
}
