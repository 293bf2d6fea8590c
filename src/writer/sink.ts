// Where a writer's chunks go: a socket behind an interface, so that tests can stall it.
import type { Socket } from 'node:net';

/** Takes one chunk at a time. */
export interface Sink {
  /** Writes the pieces in order as one chunk. `done` is called once, later, when they have left or failed. */
  write(pieces: readonly Uint8Array[], done: (error?: Error | null) => void): void;
  /** Ends the stream after the chunks written before. */
  end(): void;
  /** Ends the stream now. */
  destroy(): void;
}

/** The only place where bytes are written to a client's socket. */
export class SocketSink implements Sink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(pieces: readonly Uint8Array[], done: (error?: Error | null) => void): void {
    const last = pieces.length - 1;
    if (last > 0) this.#socket.cork();
    for (const [index, piece] of pieces.entries()) {
      if (index === last) this.#socket.write(piece, done);
      else this.#socket.write(piece);
    }
    if (last > 0) this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
