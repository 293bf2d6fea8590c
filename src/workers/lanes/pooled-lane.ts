// A lane as its pool sees it, and what it tells its pool; whatever it runs in.
import type { MessagePort } from 'node:worker_threads';
import type { Lane } from '../../ports.js';

/** To be watched, ended and replaced. */
export interface PooledLane extends Lane {
  readonly state: 'starting' | 'ready' | 'late' | 'ending' | 'dead';
  /** Commands it has. */
  readonly load: number;
  /** Whether anything is expected of its loop. */
  readonly working: boolean;
  /** Settles when its thread has really ended: one in a system call does so only when the call returns. */
  readonly gone: Promise<void>;
  /** Share of the time since the last call that its loop was busy, 0 to 1. */
  utilization(): number;
  /** Looks whether its loop turns; `elapsed` is the time, in ms, that main itself was there to see. */
  watch(elapsed: number): void;
  /** Takes no more, and ends when it has no commands left. */
  end(): void;
  /** Ends now; `because` is told to those whose commands it had begun. */
  kill(because: string): void;
  /** Calls go to this service from now on. */
  attachService(port: MessagePort): void;
  detachService(why: string): void;
}

/** What a lane tells its pool. */
export interface LaneHooks {
  onReady(): void;
  /** It has room, or answers again. */
  onRoom(): void;
  /** It has ended, by itself or not; its commands have been seen to. */
  onEnd(error: Error | undefined): void;
}

/** A lane in `stats()`. */
export interface LaneStats {
  readonly id: number;
  readonly state: string;
  readonly inFlight: number;
}
