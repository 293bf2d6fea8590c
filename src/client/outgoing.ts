// Outgoing requests: those of one turn leave together, and the bytes that the daemon has not read are bounded.
import type { Socket } from 'node:net';
import { IpcError } from '../protocol/errors.js';

/** Bytes of requests that may wait for the daemon to read them. */
const MAX_UNSENT = 64 * 1024 * 1024;

type OutgoingSocket = Pick<Socket, 'write' | 'cork' | 'uncork' | 'writableLength'>;

export class Outgoing {
  readonly #socket: OutgoingSocket;
  #corked = false;
  #refusal: IpcError | undefined;

  constructor(socket: OutgoingSocket) {
    this.#socket = socket;
  }

  /** From now on no further request is taken. */
  refuse(why: IpcError): void {
    this.#refusal = why;
  }

  /**
   * Checks whether an encoded request can be taken; a getter or a toJSON() of it may have ended the connection.
   *
   * @throws {IpcError} `REQUEST_TIMEOUT` if `bytes` more would be too many; or why no request is taken any more.
   */
  check(bytes: number): void {
    if (this.#refusal) throw this.#refusal;
    const { writableLength } = this.#socket;
    if (writableLength + bytes <= MAX_UNSENT) return;
    throw new IpcError(
      'REQUEST_TIMEOUT',
      `The daemon has not read ${writableLength} bytes of requests; await some first`,
    );
  }

  /** @param onWritten Called when the kernel has the bytes, or with the error that prevented it. */
  write(frame: Uint8Array, onWritten?: (error?: Error | null) => void): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame, onWritten);
  }
}
