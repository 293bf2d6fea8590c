// Main's record of the commands in one lane: each has a slot and a sequence number, and is on offer in shared memory.
import type { Job, Origin } from '../../ports.js';
import type { BatchEntry } from '../link/batch.js';
import { SharedState, SLOTS } from '../link/claims.js';

const SEQUENCES = 2 ** 29;

export class Slots {
  readonly #jobs: (Job | undefined)[] = new Array<Job | undefined>(SLOTS).fill(undefined);
  readonly #free = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index);
  #sequence = 0;
  /** Whether no slot can be freed before a command leaves. */
  #exhausted = false;

  constructor(readonly shared: SharedState) {}

  /** Commands on offer as their lane takes them. */
  static entries(jobs: Iterable<Job>): BatchEntry[] {
    return Array.from(jobs, ({ slot, sequence, origin, payload }) => ({
      slot,
      sequence,
      connectionId: origin.connectionId,
      payload,
    }));
  }

  /** Commands in the lane that have no answer. */
  get used(): number {
    return SLOTS - this.#free.length;
  }

  /** Whether all slots are taken. */
  get full(): boolean {
    return this.#free.length === 0;
  }

  /** Offers a command; false when all slots are taken, and by commands that can begin. */
  add(job: Job): boolean {
    if (this.full) this.#makeRoom(job.origin);
    const slot = this.#free.pop();
    if (slot === undefined) return false;
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    job.slot = slot;
    job.sequence = this.#sequence;
    this.#jobs[slot] = job;
    this.shared.offer(slot, job.sequence);
    return true;
  }

  /** Takes a command back; false when it has begun. */
  recall(job: Job): boolean {
    if (!this.shared.recall(job.slot, job.sequence)) return false;
    this.#remove(job);
    return true;
  }

  /** Frees the slot of the command that an answer is for and returns the command; undefined for an answer that comes too late. */
  settle(slot: number, sequence: number): Job | undefined {
    const job = this.#jobs[slot];
    if (job?.sequence !== sequence) return undefined;
    this.#remove(job);
    return job;
  }

  /** The commands in the lane. */
  jobs(): Job[] {
    return this.#jobs.filter((job) => job !== undefined);
  }

  /** Where the commands in the lane come from. */
  origins(): Set<Origin> {
    return new Set(this.#jobs.flatMap((job) => job?.origin ?? []));
  }

  /**
   * Frees the slots of the commands that the lane has begun and returns the commands: any answer comes too late.
   *
   * @param isSilent Whether the lane's loop still stands; if it has turned, nothing is abandoned. By default the lane is dead.
   */
  abandonBegun(isSilent = (): boolean => true): Job[] {
    const begun = this.#jobs.filter((job) => job && this.shared.claimed(job.slot, job.sequence)) as Job[];
    // Asked after the claims were read: a command that the lane began just now is seen only with the beat before it.
    if (!isSilent()) return [];
    for (const job of begun) this.#remove(job);
    return begun;
  }

  // Commands of one connection run one after the other, so those behind the first do not need a slot yet.
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
