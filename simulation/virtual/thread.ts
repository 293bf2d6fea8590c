// A worker thread as an actor, in place of the class that holds a thread of Piscina.
import type { Actor } from './actor.js';
import { VirtualPort } from './port.js';
import type { World } from './world.js';

/** What a thread does: the real entry of a worker thread. */
export type RunTask = (task: { readonly name: string }) => Promise<void>;

export class VirtualThread {
  readonly #world: World;
  readonly actor: Actor;
  readonly ended: Promise<Error | undefined>;
  readonly gone: Promise<void>;
  #end: (error: Error | undefined) => void = () => undefined;
  #isGone: () => void = () => undefined;
  /** A system call holds it until then, so that it cannot be ended. */
  #stuckUntil = 0;
  #turns = 0;

  constructor(world: World, run: RunTask, task: { readonly name: string }, transfer: readonly unknown[]) {
    this.#world = world;
    this.actor = world.actor(task.name);
    this.actor.onCrash = () => this.die('it crashed');
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.gone = new Promise((resolve) => (this.#isGone = resolve));
    for (const item of transfer) if (item instanceof VirtualPort) item.owner = this.actor;
    this.actor.post(() => {
      run(task).then(
        () => this.#finished(undefined),
        (error: unknown) => this.#finished(error as Error),
      );
    });
  }

  /** As main asks for it: its task is over at once, the thread a little later. */
  kill(): void {
    this.#world.note(() => `kills ${this.actor.name}`);
    this.#end(new Error('The task has been aborted'));
    this.#world.system.post(() => this.#terminate());
  }

  /** The thread ends here, whatever it does. */
  die(why: string): void {
    if (this.actor.dead) return;
    this.#world.note(() => `${this.actor.name} dies: ${why}`);
    this.actor.die();
    for (const port of [...this.#world.ports]) if (port.owner === this.actor) port.close();
    this.#world.main.post(() => {
      this.#end(new Error(why));
      this.#isGone();
    });
    this.#world.remove(this.actor);
  }

  /** It does not run for `ms` milliseconds; if it is stuck, it cannot be ended before either. */
  freeze(ms: number, stuck: boolean): void {
    this.actor.frozenUntil = this.#world.now + ms;
    if (stuck) this.#stuckUntil = this.actor.frozenUntil;
  }

  /** A thread that has done little since the last call was idle; one that does not run is busy. */
  utilization(): number {
    const { turns, frozenUntil } = this.actor;
    const busy = frozenUntil > this.#world.now || turns - this.#turns >= 5;
    this.#turns = turns;
    return busy ? 1 : 0;
  }

  #finished(error: Error | undefined): void {
    this.#world.main.post(() => {
      this.#end(error);
      this.#world.system.post(() => this.#terminate());
    });
  }

  #terminate(): void {
    if (this.#world.now < this.#stuckUntil) {
      this.#world.system.after(this.#stuckUntil, () => this.#terminate());
      return;
    }
    this.die('it was terminated');
  }
}
