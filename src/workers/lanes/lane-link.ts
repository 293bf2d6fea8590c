// The way from a lane on main to its worker, whatever the worker is: batches and calls out, news back.
import type { LoopDelay } from '../../telemetry/loop-delay.js';
import type { Batch } from '../link/batch.js';
import type { ServiceLink } from '../link/messages.js';

export interface LaneLink {
  /** Settles when the worker itself has ended, which may be long after its lane. Never rejects. */
  readonly gone: Promise<void>;
  /** The reason why it was killed, if it was. */
  readonly killedBecause: string | undefined;
  /** Whether main can take back a command that was sent, while the worker lives. */
  readonly takesBack: boolean;
  send(batch: Batch): void;
  /** Calls a function of the worker. One that fails kills the worker. */
  call(name: string, args: unknown[]): void;
  connectService(link: ServiceLink): void;
  /** Lets the worker's task end. */
  close(): void;
  /** Ends the worker now. */
  kill(because: string): void;
  /** Share of the time since the last call that the worker was busy, 0 to 1. */
  utilization(): number;
}

export interface LaneLinkHooks {
  onReady(): void;
  onAnswers(answers: ArrayBuffer): void;
  /** The lane has taken a batch in, after `SharedState.awaitBatch`. */
  onBatchTaken(): void;
  onLoopDelay(delay: LoopDelay): void;
  /** The worker has ended, and everything that it had sent has been taken in. */
  onEnd(error: Error | undefined): void;
}
