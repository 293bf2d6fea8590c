// The threads and processes that live in a run, by name and by number.
import type { Actor } from '../virtual/actor.js';
import type { VirtualWorker } from '../virtual/worker.js';

export class Workers {
  #workers: VirtualWorker[] = [];

  add(worker: VirtualWorker): void {
    this.#workers = this.#living;
    this.#workers.push(worker);
  }

  /** The worker of an actor. */
  of(actor: Actor): VirtualWorker | undefined {
    return this.#workers.find((worker) => worker.actor === actor);
  }

  /** The worker whose actor has this number. */
  numbered(number: number): VirtualWorker | undefined {
    return this.#workers.find(({ actor }) => actor.number === number);
  }

  /** One of the lanes that live, whatever the number. */
  lane(number: number): VirtualWorker | undefined {
    const lanes = this.#living.filter(({ actor }) => actor.name.startsWith('lane'));
    return lanes[number % lanes.length];
  }

  get service(): VirtualWorker | undefined {
    return this.#living.find(({ actor }) => actor.name === 'service');
  }

  /** Every worker goes on, and no crash is to come. */
  calm(): void {
    for (const worker of this.#living) worker.release();
  }

  get #living(): VirtualWorker[] {
    return this.#workers.filter(({ actor }) => !actor.dead);
  }
}
