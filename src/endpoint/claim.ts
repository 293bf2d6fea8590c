// Claims the endpoint: the lock, the check for a live or stale socket, the bind, the watch over it, and the release.
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import { checkEndpoint } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { bindSocket, type BoundSocket } from './bound-socket.js';
import { lastingPath } from './lasting-path.js';
import { lockEndpoint } from './lock.js';
import { claimPipe } from './pipe.js';
import type { Claim, ClaimOptions } from './ports.js';
import { clearStale, fileAt, prepareDirectory, sameFile } from './socket-file.js';

/** How often, in ms, the claim looks whether the socket's file is still there. */
const WATCH_INTERVAL = 5000;

/**
 * Claims an endpoint and listens on it. When any number of processes try at once, exactly one succeeds. A relative
 * path counts from the current directory of this moment, wherever the process goes later.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE`, `ENDPOINT_NOT_A_SOCKET`, `ENDPOINT_TOO_LONG`, `ENDPOINT_NOT_OURS`,
 *   `ENDPOINT_UNUSABLE`.
 */
export async function claimEndpoint(given: string, options: ClaimOptions): Promise<Claim> {
  const path = lastingPath(given);
  checkEndpoint(path, process.platform);
  if (process.platform === 'win32') return claimPipe(path, options);
  const privateDirectory = await prepareDirectory(dirname(path));
  const unlock = await lockEndpoint(path);
  try {
    await clearStale(path);
    const bound = await bindSocket(path, binding(privateDirectory, options));
    return new SocketClaim(path, bound, options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function binding(privateDirectory: boolean, options: ClaimOptions) {
  return {
    privateDirectory,
    onConnection: (socket: Socket) => options.onConnection(socket),
    onError: (error: Error) => options.onFault?.(error),
  };
}

class SocketClaim implements Claim {
  readonly path: string;
  readonly #options: ClaimOptions;
  readonly #clock: Clock;
  readonly #unlock: () => void;
  /** Undefined when the file disappeared and could not be bound again yet. */
  #bound: BoundSocket | undefined;
  #released: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #cancelWatch: (() => void) | undefined;
  /** The fault that was told last and lasts. */
  #told: string | undefined;

  constructor(path: string, bound: BoundSocket, options: ClaimOptions, unlock: () => void) {
    this.path = path;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#unlock = unlock;
    this.#bound = bound;
    this.#watch();
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#cancelWatch?.();
    await this.#looking;
    try {
      this.#bound?.close();
    } finally {
      this.#unlock();
    }
  }

  #watch(): void {
    this.#cancelWatch = this.#clock.after(this.#options.watchInterval ?? WATCH_INTERVAL, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => error as Error)
        .then((fault) => this.#tell(fault))
        .finally(() => {
          this.#looking = undefined;
          if (!this.#released) this.#watch();
        });
    });
  }

  /** Resolves with what is wrong, if anything is. */
  async #look(): Promise<Error | undefined> {
    const found = await fileAt(this.path);
    if (this.#bound && sameFile(this.#bound.file, found)) return undefined;
    if (found) {
      const message = `${this.path} was replaced by something else; new clients do not reach this daemon. Restart it to take the path back`;
      return new IpcError('ENDPOINT_IN_USE', message);
    }
    await this.#bindAgain();
    return undefined;
  }

  /** A fault that lasts is told once, and not at every look. */
  #tell(fault: Error | undefined): void {
    if (fault && fault.message !== this.#told) this.#options.onFault?.(fault);
    this.#told = fault?.message;
  }

  async #bindAgain(): Promise<void> {
    // First, because a close removes whatever has the socket's name.
    const former = this.#bound;
    this.#bound = undefined;
    former?.close();
    const privateDirectory = await prepareDirectory(dirname(this.path));
    this.#bound = await bindSocket(this.path, binding(privateDirectory, this.#options));
    this.#options.onRebound?.();
  }
}
