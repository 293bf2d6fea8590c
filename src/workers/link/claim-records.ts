// What a lane in a process writes into a pipe before it acts: main reads it to the end even when the process was killed.
import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import { SharedState, SLOTS } from './claims.js';

const RECORD_BYTES = 8;
/** In the place of a slot, this says that the lane has taken a batch in. */
const BATCH = -1;

/** The lane's side of the state: each claim is in the pipe before the command begins. */
export class RecordedState extends SharedState {
  readonly #fd: number;
  readonly #record = Buffer.alloc(RECORD_BYTES);

  /** @param fd A blocking descriptor of the pipe. */
  constructor(fd: number) {
    super(SharedState.allocateLocal());
    this.#fd = fd;
  }

  /** Always true: main takes nothing back from a lane in another process, while it lives. */
  override claim(slot: number, sequence: number): boolean {
    this.#write(slot, sequence);
    return true;
  }

  override tookBatch(): boolean {
    this.#write(BATCH, 0);
    return false;
  }

  #write(slot: number, sequence: number): void {
    this.#record.writeInt32LE(slot, 0);
    this.#record.writeInt32LE(sequence, 4);
    writeSync(this.#fd, this.#record);
  }
}

/** Main's side: applies records to main's own copy of the state. */
export class RecordReader {
  readonly #shared: SharedState;
  readonly #onBatchTaken: () => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(shared: SharedState, onBatchTaken: () => void) {
    this.#shared = shared;
    this.#onBatchTaken = onBatchTaken;
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      const slot = bytes.readInt32LE(at);
      if (slot === BATCH) {
        if (this.#shared.tookBatch()) this.#onBatchTaken();
      } else if (slot >= 0 && slot < SLOTS) {
        this.#shared.claim(slot, bytes.readInt32LE(at + 4));
      }
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }
}
