// A worker of the daemon as an actor: a thread or a process, which main starts, and which dies in many ways.
import type { Actor } from './actor.js';
import type { World } from './world.js';

/** Milliseconds after which a worker that cannot be ended is tried again. */
const RETRY_AFTER = 100;

export abstract class VirtualWorker {
  protected readonly world: World;
  readonly actor: Actor;
  readonly gone: Promise<void>;
  #isGone: () => void = () => undefined;
  /** A system call holds it until then, so that it cannot be ended. */
  #stuckUntil = 0;
  #turns = 0;

  constructor(world: World, name: string) {
    this.world = world;
    this.actor = world.actor(name);
    this.actor.onCrash = () => this.die('it crashed');
    this.gone = new Promise((resolve) => (this.#isGone = resolve));
  }

  /** Main is told that the worker is dead, in a turn of its own. */
  protected abstract onDead(why: string): void;

  /** The worker ends here, whatever it does. */
  die(why: string): void {
    const { actor, world } = this;
    if (actor.dead) return;
    world.note(() => `${actor.name} dies: ${why}`);
    world.count(`worker ${why}`);
    actor.die();
    for (const port of [...world.ports]) if (port.owner === actor) port.close();
    world.remove(actor);
    world.main.post(() => {
      this.onDead(why);
      this.#isGone();
    });
  }

  /** It does not run for `ms` milliseconds; if it is stuck, it cannot be ended before either. */
  freeze(ms: number, stuck: boolean): void {
    this.actor.frozenUntil = this.world.now + ms;
    if (stuck) this.#stuckUntil = this.actor.frozenUntil;
  }

  /** It goes on, and can be ended. */
  release(): void {
    this.actor.frozenUntil = 0;
    this.actor.crashIn = 0;
    this.#stuckUntil = 0;
  }

  /** A worker that has done little since the last call was idle; one that does not run is busy. */
  utilization(): number {
    const { turns, frozenUntil } = this.actor;
    const busy = frozenUntil > this.world.now || turns - this.#turns >= 5;
    this.#turns = turns;
    return busy ? 1 : 0;
  }

  /** The system ends it, a little later. */
  protected terminate(): void {
    this.world.note(() => `ends ${this.actor.name}`);
    this.world.system.post(() => this.#terminate());
  }

  #terminate(): void {
    if (this.world.now < this.#stuckUntil) {
      this.world.system.after(this.world.now + RETRY_AFTER, () => this.#terminate());
      return;
    }
    this.die('it was terminated');
  }
}
