// The pool's view of a lane, and the lane's reports to the pool. It is the same for every isolation.
import type { Isolation } from '../../isolation.js';
import type { LoopDelay } from '../../telemetry/loop-delay.js';
import type { Lane } from '../../ports.js';
import type { ServiceLink } from '../link/messages.js';

/** A lane that is watched, ended and replaced. */
export interface PooledLane extends Lane {
  readonly state: 'starting' | 'ready' | 'late' | 'ending' | 'dead';
  /** The number of its commands. */
  readonly load: number;
  /** The delay of its loop as it last told it; undefined if that is not measured. */
  readonly loopDelay: LoopDelay | undefined;
  /** Whether its loop has something to do. */
  readonly working: boolean;
  /** Settles when its thread has really ended: one in a system call ends when the call returns. */
  readonly gone: Promise<void>;
  /** Share of the time since the last call that its loop was busy, 0 to 1; 0 at the first call: loading its module is not work. */
  utilization(): number;
  /** Checks whether its loop turns; `elapsed` is the time, in ms, that main itself was there to see. */
  watch(elapsed: number): void;
  /** Stops taking commands, and ends when it has none left. */
  end(): void;
  /** Ends now; clients whose commands it had begun are told `because`. */
  kill(because: string): void;
  /** Calls go to this service from now on, or reject with the reason. */
  connectService(link: ServiceLink): void;
}

/** The reports of a lane to its pool. */
export interface LaneHooks {
  onReady(): void;
  /** It can take commands, or more of them, again. */
  onCapacity(): void;
  /** Its loop has not turned for a while although it has work, or turns again. */
  onLate(late: boolean): void;
  /** It has ended, by itself or not; its commands have been seen to. */
  onEnd(error: Error | undefined): void;
}

/** A lane in `stats()`. */
export interface LaneStats {
  /** Counted in each tier by itself. */
  readonly id: number;
  readonly isolation: Isolation;
  readonly state: string;
  /** The number of its commands. */
  readonly inFlight: number;
  /** How many lanes have died one after the other in this lane's place. */
  readonly restarts: number;
  /** The delay of its loop; with the option `measureLoops` only. */
  readonly loopDelay?: LoopDelay | undefined;
}
