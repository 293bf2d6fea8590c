// A lane as the pool knows it.
import type { PooledLane } from './pooled-lane.js';

export interface Member {
  readonly lane: PooledLane;
  /** Cancels the deadline of its start or of its end. */
  cancelDeadline: () => void;
  started: { resolve(): void; reject(error: Error): void } | undefined;
  /** Whether it has ever been ready. */
  wasReady: boolean;
  /** When it last had a command. */
  used: number;
  /** How many lanes have died in its place. */
  readonly restarts: number;
}
