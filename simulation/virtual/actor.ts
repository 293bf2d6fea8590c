// An actor with an event loop of its own, as Node runs one: due timers, then input, then immediates.
import type { Random } from '../random.js';

/** Where input comes from: a port, a socket, a message from the system. */
export interface Source {
  /** Gives the actor one piece of input. Returns whether more is to be given in the same turn of the loop. */
  take(): boolean;
}

export interface Immediate {
  readonly action: () => void;
  cancelled: boolean;
  cancel(): void;
}

export interface Timer extends Immediate {
  readonly due: number;
}

/** The phases of a loop, in their order. */
const PHASES = 3;

export class Actor {
  /** Nothing that it does has an effect any more. */
  dead = false;
  /** It does not run before this time. */
  frozenUntil = 0;
  /** Callbacks that it has run. */
  turns = 0;
  /** It dies at this operation from now; 0 for never. */
  crashIn = 0;
  onCrash: () => void = () => undefined;
  readonly #random: Random;
  #timers: Timer[] = [];
  #immediates: Immediate[] = [];
  #ready = new Set<Source>();
  /** The callbacks that are left of the current phase. */
  #phase: (Timer | Immediate | Source)[] = [];
  #at = 0;
  #phaseNumber = 0;

  constructor(
    readonly name: string,
    readonly number: number,
    random: Random,
  ) {
    this.#random = random;
  }

  /** Timers and immediates that are set. */
  get waiting(): number {
    const left = this.#phase.slice(this.#at).filter((item) => 'cancelled' in item && !item.cancelled);
    return this.#timers.length + this.#immediates.length + left.length;
  }

  /** A source has input. */
  ready(source: Source): void {
    if (!this.dead) this.#ready.add(source);
  }

  /** Runs an action in a turn of this actor's loop, in any order with its other input. */
  post(action: () => void): void {
    this.ready({
      take() {
        action();
        return false;
      },
    });
  }

  after(due: number, action: () => void): Timer {
    const timer: Timer = { due, action, cancelled: false, cancel: () => this.#cancel(timer, this.#timers) };
    if (this.dead) return timer;
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as Timer).due > due) at -= 1;
    this.#timers.splice(at, 0, timer);
    return timer;
  }

  immediate(action: () => void): Immediate {
    const immediate: Immediate = {
      action,
      cancelled: false,
      cancel: () => this.#cancel(immediate, this.#immediates),
    };
    if (!this.dead) this.#immediates.push(immediate);
    return immediate;
  }

  /** When it can run next; `Infinity` for an actor that only waits for others. */
  nextAt(now: number): number {
    if (this.dead) return Infinity;
    const busy = this.#at < this.#phase.length || this.#ready.size > 0 || this.#immediates.length > 0;
    const due = busy ? now : (this.#timers[0]?.due ?? Infinity);
    return Math.max(due, this.frozenUntil);
  }

  /** Runs the next callback of its loop. */
  run(now: number): void {
    this.turns += 1;
    for (let tries = 0; this.#at === this.#phase.length && tries <= PHASES; tries += 1) this.#nextPhase(now);
    const item = this.#phase[this.#at];
    if (item === undefined) return;
    this.#at += 1;
    if ('take' in item) {
      if (item.take()) this.#at -= 1;
    } else if (!item.cancelled) {
      item.cancelled = true;
      item.action();
    }
  }

  /** Ends it: no timer fires, and no input comes. */
  die(): void {
    this.dead = true;
    this.#timers = [];
    this.#immediates = [];
    this.#ready.clear();
    this.#phase = [];
    this.#at = 0;
  }

  #cancel<T extends Immediate>(item: T, list: T[]): void {
    if (item.cancelled) return;
    item.cancelled = true;
    const at = list.indexOf(item);
    if (at !== -1) list.splice(at, 1);
  }

  #nextPhase(now: number): void {
    this.#at = 0;
    const phase = this.#phaseNumber;
    this.#phaseNumber = (phase + 1) % PHASES;
    if (phase === 0) {
      const due = this.#timers.findIndex((timer) => timer.due > now);
      this.#phase = this.#timers.splice(0, due === -1 ? this.#timers.length : due);
    } else if (phase === 1) {
      this.#phase = this.#random.shuffle([...this.#ready]);
      this.#ready.clear();
    } else {
      this.#phase = this.#immediates;
      this.#immediates = [];
    }
  }
}
