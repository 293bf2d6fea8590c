// Claims the endpoint: the lock, the check for a live or stale socket, the bind, the watch over it, and the release.
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, isAbsolute, resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import { checkEndpoint } from '../protocol/endpoints.js';
import { IpcError } from '../protocol/errors.js';
import { lockEndpoint } from './lock.js';
import {
  bindSocket,
  type BoundSocket,
  clearStale,
  fileAt,
  prepareDirectory,
  sameFile,
} from './socket-file.js';

/** How often, in ms, it is looked whether the socket's file is still there. */
const WATCH_INTERVAL = 5000;

export interface ClaimOptions {
  onConnection(socket: Socket): void;
  /** The socket's file had disappeared and is there again. */
  onRebound?(): void;
  /** Something is wrong with the endpoint that the daemon survives. */
  onFault?(error: Error): void;
  readonly clock?: Clock;
  readonly watchInterval?: number;
}

/** An endpoint that is ours. */
export interface Claim {
  /** The path, absolute, or the pipe's name. */
  readonly path: string;
  /** Stops listening, removes the socket's file if it is still ours, gives up the lock. Open connections stay. */
  release(): Promise<void>;
}

/**
 * Claims an endpoint and listens on it. Of any number of processes that try at once, exactly one succeeds. A
 * relative path is one of the current directory, whatever that is later.
 *
 * @throws {IpcError} `ENDPOINT_IN_USE`, `ENDPOINT_NOT_A_SOCKET`, `ENDPOINT_TOO_LONG`, `ENDPOINT_NOT_OURS`,
 *   `ENDPOINT_UNUSABLE`.
 */
export async function claimEndpoint(given: string, options: ClaimOptions): Promise<Claim> {
  const path = lasting(given);
  checkEndpoint(path, process.platform);
  if (process.platform === 'win32') return claimPipe(path, options);
  prepareDirectory(dirname(path));
  const unlock = await lockEndpoint(path);
  try {
    await clearStale(path);
    return new SocketClaim(
      path,
      await bindSocket(path, (socket) => options.onConnection(socket)),
      options,
      unlock,
    );
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * The same path for the process's whole life. An absolute one is left as it is written: `..` behind a symbolic link
 * is for the kernel to follow.
 */
function lasting(path: string): string {
  // An empty one is refused, not taken for the directory.
  return process.platform === 'win32' || path === '' || isAbsolute(path) ? path : resolve(path);
}

class SocketClaim implements Claim {
  readonly path: string;
  readonly #options: ClaimOptions;
  readonly #clock: Clock;
  readonly #unlock: () => void;
  #bound: BoundSocket;
  #released: Promise<void> | undefined;
  #rebinding: Promise<void> | undefined;
  #cancelWatch: (() => void) | undefined;
  #usurped = false;

  constructor(path: string, bound: BoundSocket, options: ClaimOptions, unlock: () => void) {
    this.path = path;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#unlock = unlock;
    this.#bound = bound;
    this.#attend(bound.server);
    this.#watch();
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#cancelWatch?.();
    await this.#rebinding;
    const { server, file } = this.#bound;
    // Before the listener closes, so that a client never meets a socket that refuses it.
    if (sameFile(file, fileAt(this.path))) unlinkSync(this.path);
    server.close();
    this.#unlock();
  }

  #attend(server: Server): void {
    server.on('error', (error) => this.#options.onFault?.(error));
  }

  #watch(): void {
    this.#cancelWatch = this.#clock.after(this.#options.watchInterval ?? WATCH_INTERVAL, () => {
      this.#rebinding = this.#look()
        .catch((error: unknown) => this.#options.onFault?.(error as Error))
        .finally(() => {
          this.#rebinding = undefined;
          if (!this.#released) this.#watch();
        });
    });
  }

  async #look(): Promise<void> {
    const found = fileAt(this.path);
    if (sameFile(this.#bound.file, found)) {
      this.#usurped = false;
      return;
    }
    if (found) {
      if (this.#usurped) return;
      this.#usurped = true;
      this.#options.onFault?.(
        new IpcError(
          'ENDPOINT_IN_USE',
          `${this.path} was replaced by something else; clients do not reach this daemon`,
        ),
      );
      return;
    }
    const former = this.#bound.server;
    prepareDirectory(dirname(this.path));
    this.#bound = await bindSocket(this.path, (socket) => this.#options.onConnection(socket));
    this.#attend(this.#bound.server);
    former.close();
    this.#options.onRebound?.();
  }
}

/** A pipe's name belongs to one server, and the system keeps it so. */
async function claimPipe(path: string, options: ClaimOptions): Promise<Claim> {
  const server = createServer({ allowHalfOpen: true }, (socket) => options.onConnection(socket));
  server.listen({ path, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      throw new IpcError(
        'ENDPOINT_IN_USE',
        `A daemon answers on ${path} already; stop it first, or choose another name`,
        { cause },
      );
    }
    throw new IpcError('ENDPOINT_UNUSABLE', `The pipe ${path} cannot be made: ${message}`, { cause });
  }
  server.on('error', (error) => options.onFault?.(error));
  return {
    path,
    release() {
      server.close();
      return Promise.resolve();
    },
  };
}
