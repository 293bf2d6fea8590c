// The memory a thread shares with main: named words, and the one compare-and-swap that decides which side has a command.

/** The number of commands that a lane holds at once; the rest wait on main. */
export const SLOTS = 1024;

const BEAT = 0;
const TAKEN = 1;
const LOG_TAKEN = 2;
const WAITING = 3;
const BATCHES_TAKEN = 4;
const BATCHES_AWAITED = 5;
const FIRST_SLOT = 8;

const OFFERED = 1;
const CLAIMED = 2;
const RECALLED = 3;

// A slot's word holds the command's sequence number and its state. A lane may come late to a slot that another command
// has by then: it finds a different word and leaves that command alone.
const word = (sequence: number, state: number): number => (sequence << 2) | state;

/** The memory that main and one thread share. Each comment says which side calls the method. */
export class SharedState {
  readonly #words: Int32Array;

  constructor(readonly memory: SharedArrayBuffer | ArrayBuffer = SharedState.allocate()) {
    this.#words = new Int32Array(memory);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((FIRST_SLOT + SLOTS) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** The same words for a lane on the main thread. */
  static allocateLocal(): ArrayBuffer {
    return new ArrayBuffer((FIRST_SLOT + SLOTS) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Main: offers a command. */
  offer(slot: number, sequence: number): void {
    Atomics.store(this.#words, FIRST_SLOT + slot, word(sequence, OFFERED));
  }

  /**
   * Lane: claims a command before it begins it; false when main took it back. It beats first: who sees the claim and then
   * looks at the beats knows that the loop has turned.
   */
  claim(slot: number, sequence: number): boolean {
    this.beat();
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

  /** Lane: counts a batch that it has taken in; returns whether main waits to be told of it. */
  tookBatch(): boolean {
    Atomics.add(this.#words, BATCHES_TAKEN, 1);
    return Atomics.exchange(this.#words, BATCHES_AWAITED, 0) === 1;
  }

  /** Main: how many of the `sent` batches (modulo 2^32) the lane has not taken in. */
  batchesUnderWay(sent: number): number {
    return (sent - Atomics.load(this.#words, BATCHES_TAKEN)) >>> 0;
  }

  /** Main: asks to be told when the lane next takes a batch in. Check `batchesUnderWay` again after it. */
  awaitBatch(): void {
    Atomics.store(this.#words, BATCHES_AWAITED, 1);
  }

  /** Main: counts what it has taken in; returns whether the thread waits to be told of it. */
  taken(bytes: number, logBytes = 0): boolean {
    Atomics.add(this.#words, TAKEN, bytes);
    Atomics.add(this.#words, LOG_TAKEN, logBytes);
    return Atomics.exchange(this.#words, WAITING, 0) === 1;
  }

  /** Thread: how many of the `sent` bytes of answers and events (modulo 2^32) main has not taken in. */
  outstanding(sent: number): number {
    return (sent - Atomics.load(this.#words, TAKEN)) >>> 0;
  }

  /** Thread: the same for bytes of log lines. */
  logOutstanding(sent: number): number {
    return (sent - Atomics.load(this.#words, LOG_TAKEN)) >>> 0;
  }

  /** Thread: asks to be told when main next takes bytes in. Check `outstanding` again after it. */
  awaitTaken(): void {
    Atomics.store(this.#words, WAITING, 1);
  }
}
