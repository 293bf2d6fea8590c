// Where a writer's chunks go: a socket behind an interface, so that tests can stall it.
import type { Socket } from 'node:net';

/** Takes one chunk at a time. */
export interface Sink {
  /**
   * Writes the pieces in order as one chunk.
   *
   * @param done Called once, later, when they have left or failed.
   * @param onProgress Called when a part of a large chunk has left.
   */
  write(pieces: readonly Uint8Array[], done: (error?: Error | null) => void, onProgress: () => void): void;
  /** Ends the stream after the chunks written before. */
  end(): void;
  /** Ends the stream now. */
  destroy(): void;
}

/**
 * The bytes that a socket is given at a time. For a larger write it would report only the end, so a slow reader would
 * look like one that does not read.
 */
const PART_BYTES = 256 * 1024;

/** The only place where bytes are written to a client's socket. */
export class SocketSink implements Sink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(pieces: readonly Uint8Array[], done: (error?: Error | null) => void, onProgress: () => void): void {
    if (pieces.some(({ byteLength }) => byteLength > PART_BYTES)) {
      this.#writeParts(partsOf(pieces).values(), done, onProgress);
      return;
    }
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

  /** Each part when the one before has left: what waits together, Node writes as one. */
  #writeParts(
    parts: Iterator<Uint8Array>,
    done: (error?: Error | null) => void,
    onProgress: () => void,
  ): void {
    const next = parts.next();
    if (next.done === true) {
      done();
      return;
    }
    this.#socket.write(next.value, (error) => {
      if (error) {
        done(error);
        return;
      }
      onProgress();
      this.#writeParts(parts, done, onProgress);
    });
  }
}

function partsOf(pieces: readonly Uint8Array[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const piece of pieces)
    for (let from = 0; from < piece.byteLength; from += PART_BYTES)
      parts.push(piece.subarray(from, from + PART_BYTES));
  return parts;
}
