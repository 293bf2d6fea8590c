// A sink that stalls until told to go on, and keeps what it was given.
import type { Sink } from '#dist/writer/sink.js';
import { FrameDecoder } from 'bunctl-ipc/protocol';

export class FakeSink implements Sink {
  readonly #decoder = new FrameDecoder(64 * 1024 * 1024);
  readonly frames: unknown[] = [];
  readonly chunks: number[] = [];
  ended = false;
  destroyed = false;
  #done: ((error?: Error | null) => void) | undefined;
  /** A part of the chunk under way has left. */
  part: () => void = () => undefined;

  write(pieces: readonly Uint8Array[], done: (error?: Error | null) => void, onProgress: () => void): void {
    this.part = onProgress;
    if (this.#done) throw new Error('a second chunk before the first has left');
    this.chunks.push(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
    for (const piece of pieces) this.#decoder.push(piece);
    for (let payload = this.#decoder.next(); payload; payload = this.#decoder.next())
      this.frames.push(JSON.parse(Buffer.from(payload).toString()));
    this.#done = done;
  }

  /** The chunk under way has left, or failed; false without one. */
  step(error?: Error): boolean {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
    return done !== undefined;
  }

  /** Takes all there is. */
  drain(): void {
    for (let chunks = 0; chunks < 100_000 && this.step(); chunks += 1);
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}
