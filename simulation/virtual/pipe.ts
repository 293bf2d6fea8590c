// One direction of a connection: bytes that the sender has, bytes that the kernel has, and the end of them.
import type { Actor } from './actor.js';
import type { World } from './world.js';

interface Piece {
  readonly bytes: Uint8Array;
  offset: number;
  readonly done: Done | undefined;
}

export type Done = (error?: Error | null) => void;

/** The two ends, as the pipe calls them. */
export interface PipeEnds {
  /** Bytes or the end have come, or the connection broke. */
  readonly onInput: () => void;
  /** Everything that was sent before the end is on its way. */
  readonly onFlushed: () => void;
  /** The other side is gone, so that nothing can be sent. */
  readonly onBroken: () => void;
}

export class Pipe {
  readonly #world: World;
  readonly #sender: Actor;
  readonly #capacity: number;
  #ends: PipeEnds | undefined;
  #pieces: Piece[] = [];
  #kernel: Uint8Array[] = [];
  /** Bytes that the sender still has. */
  unsent = 0;
  /** Bytes that the kernel has. */
  underWay = 0;
  #stalledUntil = 0;
  #ending = false;
  /** The end is behind the bytes in the kernel. */
  ended = false;
  /** Behind the bytes in the kernel, the reader finds an error. */
  wasReset = false;
  /** Nobody reads any more. */
  broken = false;

  constructor(world: World, sender: Actor, capacity: number) {
    this.#world = world;
    this.#sender = sender;
    this.#capacity = capacity;
  }

  join(ends: PipeEnds): void {
    this.#ends = ends;
  }

  write(bytes: Uint8Array, done: Done | undefined): void {
    this.#pieces.push({ bytes, offset: 0, done });
    this.unsent += bytes.byteLength;
    this.#wake();
  }

  end(): void {
    this.#ending = true;
    this.#wake();
  }

  /** Takes the bytes that have come. */
  read(): Uint8Array | undefined {
    if (this.underWay === 0) return undefined;
    const [first] = this.#kernel;
    const bytes = this.#kernel.length === 1 && first !== undefined ? first : Buffer.concat(this.#kernel);
    this.#kernel = [];
    this.underWay = 0;
    this.#wake();
    return bytes;
  }

  /** The sender is gone: what it still had is lost. */
  abandon(reset: boolean): void {
    this.#giveUp('ERR_STREAM_DESTROYED');
    this.ended = true;
    this.wasReset ||= reset;
    this.#ends?.onInput();
  }

  /** The reader is gone. */
  break(): void {
    this.broken = true;
    this.#kernel = [];
    this.underWay = 0;
    this.#wake();
  }

  /** Nothing moves for `ms` milliseconds. */
  stall(ms: number): void {
    this.#stalledUntil = this.#world.now + ms;
    this.#world.system.after(this.#stalledUntil, () => this.#wake());
  }

  /** The system moves some bytes on. */
  take(): boolean {
    if (this.#world.now < this.#stalledUntil) return false;
    if (this.broken && this.unsent > 0) {
      this.#giveUp('EPIPE');
      this.#ends?.onBroken();
      return false;
    }
    this.#move();
    if (this.#pieces.length === 0 && this.#ending && !this.ended) {
      this.ended = true;
      this.#ends?.onInput();
      this.#ends?.onFlushed();
    }
    this.#wake();
    return false;
  }

  #move(): void {
    const [piece] = this.#pieces;
    if (piece === undefined) return;
    const left = piece.bytes.byteLength - piece.offset;
    const space = Math.min(left, this.#capacity - this.underWay);
    const count = this.#world.random.chance(60)
      ? space
      : Math.min(space, 1 + this.#world.random.below(space + 1));
    if (count > 0) {
      this.#kernel.push(piece.bytes.slice(piece.offset, piece.offset + count));
      piece.offset += count;
      this.underWay += count;
      this.unsent -= count;
      this.#ends?.onInput();
    }
    if (piece.offset < piece.bytes.byteLength) return;
    this.#pieces.shift();
    const { done } = piece;
    if (done) this.#sender.post(() => done());
  }

  #giveUp(code: string): void {
    for (const { done } of this.#pieces) {
      if (done) this.#sender.post(() => done(Object.assign(new Error(`write ${code}`), { code })));
    }
    this.#pieces = [];
    this.unsent = 0;
    this.#ending = false;
  }

  #wake(): void {
    const moves = this.#pieces.length > 0 && this.underWay < this.#capacity;
    const ends = this.#pieces.length === 0 && this.#ending && !this.ended;
    if (moves || ends || (this.broken && this.unsent > 0)) this.#world.system.ready(this);
  }
}
