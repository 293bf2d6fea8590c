// The threads that live in a run, by name and by number.
import type { Actor } from '../virtual/actor.js';
import type { VirtualThread } from '../virtual/thread.js';

export class Threads {
  #threads: VirtualThread[] = [];

  add(thread: VirtualThread): void {
    this.#threads = this.#living;
    this.#threads.push(thread);
  }

  /** The thread of an actor. */
  of(actor: Actor): VirtualThread | undefined {
    return this.#threads.find((thread) => thread.actor === actor);
  }

  /** One of the lanes that live, whatever the number. */
  lane(number: number): VirtualThread | undefined {
    const lanes = this.#living.filter(({ actor }) => actor.name.startsWith('lane'));
    return lanes[number % lanes.length];
  }

  get service(): VirtualThread | undefined {
    return this.#living.find(({ actor }) => actor.name === 'service');
  }

  /** Every thread goes on, and no crash is to come. */
  calm(): void {
    for (const thread of this.#living) {
      thread.actor.crashIn = 0;
      thread.actor.frozenUntil = 0;
    }
  }

  get #living(): VirtualThread[] {
    return this.#threads.filter(({ actor }) => !actor.dead);
  }
}
