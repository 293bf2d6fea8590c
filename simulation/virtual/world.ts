// The world of one run: its actors, its clock, and the one scheduler that decides who does what next.
import { Random } from '../random.js';
import { Actor } from './actor.js';

/** The virtual time that a step takes, in ms. */
const STEP_TIME = 0.01;

/** The most virtual time that a long step takes, in ms. */
const LONG_STEP = 80;

/** A promise of the library that was broken, or an exception that reached the top. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A thing that an actor has open. */
export interface Handle {
  readonly owner: Actor;
  close(): void;
}

export class World {
  readonly random: Random;
  /** Virtual time in ms. */
  now = 0;
  /** How many of a thousand steps take up to {@link LONG_STEP} ms, because the machine has other things to do. */
  longSteps = 0;
  /** Steps done. */
  steps = 0;
  /** The actor whose code runs now. Outside of steps it is the last one. */
  current: Actor;
  /** The daemon's main thread. */
  readonly main: Actor;
  /** The operating system: it moves bytes between sockets and ends threads. */
  readonly system: Actor;
  /** The first broken promise. */
  violation: Violation | undefined;
  /** The run as text, if it is wanted. */
  readonly trace: string[] | undefined;
  /** How often something of note happened, by its name. */
  readonly counts = new Map<string, number>();
  /** A number that two equal runs have in common. */
  digest = 0;
  /** Listeners on things that outlive the daemon. */
  listeners = 0;
  /** Message ports that are open. */
  readonly ports = new Set<Handle>();
  /** Sockets that are open. */
  readonly sockets = new Set<Handle>();
  #actors: Actor[] = [];
  #made = 0;
  #runnable: Actor[] = [];

  constructor(schedule: number, tracing: boolean) {
    this.random = new Random(schedule);
    this.trace = tracing ? [] : undefined;
    this.system = this.actor('system');
    this.main = this.actor('main');
    this.current = this.main;
  }

  get actors(): readonly Actor[] {
    return this.#actors;
  }

  actor(name: string): Actor {
    const actor = new Actor(name, this.#made++, this.random);
    this.#actors.push(actor);
    return actor;
  }

  /** Forgets an actor that is dead. */
  remove(actor: Actor): void {
    this.#actors = this.#actors.filter((each) => each !== actor);
  }

  /**
   * The current actor does something that others can see: it writes to shared memory or sends a message.
   *
   * @returns False if it is dead, so that nothing must happen. It may die just here.
   */
  operation(): boolean {
    const actor = this.current;
    if (actor.dead) return false;
    if (actor.crashIn === 0) return true;
    actor.crashIn -= 1;
    if (actor.crashIn > 0) return true;
    actor.onCrash();
    return false;
  }

  /** Notes what happens, for the trace; `number` is for the digest. */
  note(what: () => string, number = 0): void {
    this.#mix(number);
    this.trace?.push(`${this.now.toFixed(2).padStart(10)} ${this.current.name.padEnd(9)} ${what()}`);
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  fail(message: string): void {
    if (this.violation) return;
    this.violation = new Violation(message);
    this.note(() => `VIOLATION: ${message}`);
  }

  /**
   * Does one step: any actor that can run runs one callback. If none can, time goes on to the next timer.
   *
   * @param until Time does not go on past this.
   * @returns Whether there was something to do.
   */
  step(until: number): boolean {
    const actor = this.#next(until);
    if (actor === undefined) return false;
    this.steps += 1;
    this.now += STEP_TIME;
    if (this.longSteps > 0 && this.random.below(1000) < this.longSteps)
      this.now += this.random.between(1, LONG_STEP);
    this.current = actor;
    this.#mix(actor.number);
    try {
      actor.run(this.now);
    } catch (error) {
      this.fail(`an exception reached the top of ${actor.name}: ${String((error as Error).stack)}`);
    }
    return true;
  }

  #next(until: number): Actor | undefined {
    const runnable = this.#runnable;
    runnable.length = 0;
    let soonest = Infinity;
    for (const actor of this.#actors) {
      const at = actor.nextAt(this.now);
      if (at <= this.now) runnable.push(actor);
      else if (at < soonest) soonest = at;
    }
    if (runnable.length === 0) {
      if (soonest > until || soonest === Infinity) return undefined;
      this.now = soonest;
      for (const actor of this.#actors) if (actor.nextAt(this.now) <= this.now) runnable.push(actor);
    }
    return runnable.length === 1 ? runnable[0] : this.random.pick(runnable);
  }

  #mix(number: number): void {
    this.digest = (Math.imul(this.digest ^ number, 0x01000193) + 0x9e3779b9) | 0;
  }
}
