// Main's record of the commands in one lane: which slot, which sequence number, on offer in shared memory.
import type { Job, Origin } from '../../ports.js';
import type { BatchEntry } from '../link/batch.js';
import { SharedState, SLOTS } from '../link/claims.js';

const SEQUENCES = 2 ** 29;

/** A command as it was offered: it may be taken back and offered again before it is sent. */
export interface Offered {
  readonly job: Job;
  readonly slot: number;
  readonly sequence: number;
}

export class Slots {
  readonly #jobs: (Job | undefined)[] = new Array<Job | undefined>(SLOTS).fill(undefined);
  readonly #free = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index);
  #sequence = 0;
  /** Whether no room can be made before a command leaves. */
  #exhausted = false;

  constructor(readonly shared: SharedState) {}

  /** Commands in the lane that have no answer. */
  get used(): number {
    return SLOTS - this.#free.length;
  }

  /** Whether all slots are taken. */
  get full(): boolean {
    return this.#free.length === 0;
  }

  /** Puts a command on offer; undefined when all slots are taken, and by commands that are not kept waiting. */
  add(job: Job): Offered | undefined {
    if (this.full) this.#makeRoom(job.origin);
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    job.slot = slot;
    job.sequence = this.#sequence;
    this.#jobs[slot] = job;
    this.shared.offer(slot, job.sequence);
    return { job, slot, sequence: job.sequence };
  }

  /** Takes a command back; false when it has begun. */
  recall(job: Job): boolean {
    if (!this.shared.recall(job.slot, job.sequence)) return false;
    this.#remove(job);
    return true;
  }

  /** Of commands as they were offered, those not taken back since; one offered again stands where it was last. */
  current(offered: readonly Offered[]): BatchEntry[] {
    const entries: BatchEntry[] = [];
    for (const { job, slot, sequence } of offered) {
      if (this.#jobs[slot] !== job || job.sequence !== sequence) continue;
      entries.push({ slot, sequence, connectionId: job.origin.connectionId, payload: job.payload });
    }
    return entries;
  }

  /** The command an answer is for, which gives up its slot; undefined for an answer that comes too late. */
  settle(slot: number, sequence: number): Job | undefined {
    const job = this.#jobs[slot];
    if (job?.sequence !== sequence) return undefined;
    this.#remove(job);
    return job;
  }

  /** Where the commands in the lane come from. */
  origins(): Set<Origin> {
    return new Set(this.#jobs.flatMap((job) => job?.origin ?? []));
  }

  /** The commands the lane has begun, which give up their slots: whatever it answers is too late. */
  abandonBegun(): Job[] {
    const begun = this.#jobs.filter((job) => job && this.shared.claimed(job.slot, job.sequence)) as Job[];
    for (const job of begun) this.#remove(job);
    return begun;
  }

  // Commands of one connection run one after the other: those behind the first need no slot yet.
  #makeRoom(asking: Origin): void {
    if (this.#exhausted) return;
    for (const origin of this.origins()) if (origin !== asking) origin.yieldCapacity();
    this.#exhausted = this.full;
  }

  #remove(job: Job): void {
    this.#exhausted = false;
    this.#jobs[job.slot] = undefined;
    this.#free.push(job.slot);
  }
}
