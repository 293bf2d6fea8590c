// The words of memory a lane shares with main, by name, and the one compare-and-swap that decides who has a command.

/** Commands a lane holds at once; the rest wait on main. */
export const SLOTS = 1024;
/** Response and event bytes a lane may have sent that main has not taken in. */
export const OUTPUT_WINDOW = 4 * 1024 * 1024;

const BEAT = 0;
const TAKEN = 1;
const WAITING = 2;
const FIRST_SLOT = 8;

const OFFERED = 1;
const CLAIMED = 2;
const RECALLED = 3;

// A slot's word is the command's sequence number and its state, so that a lane that comes late to a slot
// which has been given to another command since finds a different word and leaves it alone.
const word = (sequence: number, state: number): number => (sequence << 2) | state;

/** What main and one lane share. Each method is safe on either side; its comment says whose it is. */
export class SharedState {
  readonly #words: Int32Array;

  constructor(readonly memory: SharedArrayBuffer | ArrayBuffer = SharedState.allocate()) {
    this.#words = new Int32Array(memory);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((FIRST_SLOT + SLOTS) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** The same words for a lane on main's own thread. */
  static allocateLocal(): ArrayBuffer {
    return new ArrayBuffer((FIRST_SLOT + SLOTS) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Main: puts a command on offer. */
  offer(slot: number, sequence: number): void {
    Atomics.store(this.#words, FIRST_SLOT + slot, word(sequence, OFFERED));
  }

  /** Lane: claims a command before it begins it; false when main took it back. */
  claim(slot: number, sequence: number): boolean {
    return this.#swap(slot, sequence, CLAIMED);
  }

  /** Main: takes a command back; false when the lane has begun it. */
  recall(slot: number, sequence: number): boolean {
    return this.#swap(slot, sequence, RECALLED);
  }

  /** Main: whether the lane has begun a command. */
  claimed(slot: number, sequence: number): boolean {
    return Atomics.load(this.#words, FIRST_SLOT + slot) === word(sequence, CLAIMED);
  }

  #swap(slot: number, sequence: number, state: number): boolean {
    const offered = word(sequence, OFFERED);
    return (
      Atomics.compareExchange(this.#words, FIRST_SLOT + slot, offered, word(sequence, state)) === offered
    );
  }

  /** Lane: its loop has turned. */
  beat(): void {
    Atomics.add(this.#words, BEAT, 1);
  }

  /** Main: changes whenever the lane's loop turns. */
  get beats(): number {
    return Atomics.load(this.#words, BEAT);
  }

  /** Main: has taken in bytes the lane sent; true when the lane waits to hear of it. */
  taken(bytes: number): boolean {
    Atomics.add(this.#words, TAKEN, bytes);
    return Atomics.exchange(this.#words, WAITING, 0) === 1;
  }

  /** Lane: how many of the `sent` bytes (counted modulo 2^32) main has not taken in. */
  outstanding(sent: number): number {
    return (sent - Atomics.load(this.#words, TAKEN)) >>> 0;
  }

  /** Lane: asks to be told of the next bytes taken in. Look at `outstanding` once more after it. */
  awaitTaken(): void {
    Atomics.store(this.#words, WAITING, 1);
  }
}
