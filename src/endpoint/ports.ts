// The input and the result of a claim.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';

export interface ClaimOptions {
  onConnection(socket: Socket): void;
  /** The socket's file had disappeared and is there again. */
  onRebound?(): void;
  /** Something is wrong with the endpoint that the daemon survives. Must not throw. */
  onFault?(error: Error): void;
  readonly clock?: Clock;
  /** How often, in ms, the claim looks whether the socket's file is still there. Default 5000. */
  readonly watchInterval?: number;
}

/** An endpoint that is ours. */
export interface Claim {
  /** The absolute path, or the pipe's name. */
  readonly path: string;
  /**
   * Removes the socket's file if it is still ours, stops listening and gives up the lock. Open connections stay.
   *
   * @throws {IpcError} `ENDPOINT_UNUSABLE` when the file cannot be removed; everything else is done then too.
   */
  release(): Promise<void>;
}
