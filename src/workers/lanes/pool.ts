// The pool of lanes: started, watched, replaced when they die, added when all are busy, ended when idle.
import type { Clock } from '../../clock.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { Isolation } from '../../isolation.js';
import type { Lane, Lanes } from '../../ports.js';
import type { IpcError } from '../../protocol/errors.js';
import type { Member } from './member.js';
import type { LaneHooks, LaneStats, PooledLane } from './pooled-lane.js';
import { PERIOD, Refill } from './refill.js';
import { SLOTS } from '../link/claims.js';
import type { ServiceLink } from '../link/messages.js';

/** Milliseconds between looks at the lanes, while any has work. */
const LOOK_EVERY = 50;
/** A lane whose loop was busy for at least this share of the time between looks is busy. */
const BUSY = 0.9;
/** Milliseconds without a command after which a lane past `minThreads` is ended. */
const IDLE_AFTER = 30_000;
/** Milliseconds that a lane or service may take to load its module. */
export const START_TIMEOUT = 30_000;
/** Milliseconds that an idle lane may take to end: a handler may have left a loop that spins. */
const END_TIMEOUT = 5000;

export interface PoolSettings {
  readonly isolation: Isolation;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly tell: Tell;
  readonly clock: Clock;
  /** Starts a lane. */
  createLane(id: number, hooks: LaneHooks): PooledLane;
  /** A port to the service for one lane, or the reason why there is no port. */
  connectService(): ServiceLink;
  /** A lane can take commands again, or no lane will: connections that wait should look again. */
  onCapacity(): void;
}

export class LanePool implements Lanes {
  readonly #settings: PoolSettings;
  readonly #members = new Map<PooledLane, Member>();
  readonly #refill: Refill;
  #nextId = 1;
  #closed = false;
  #deaths = 0;
  /** For each lane that has died and has no successor yet, its own restarts plus one. */
  readonly #vacant: number[] = [];
  #cancelLook: (() => void) | undefined;
  /** Whether the next look is far away, and only for idle lanes. */
  #resting = false;
  #lookedAt = 0;
  /** No lane is added before this time; set when one could not be started. */
  #growAfter = 0;
  /** After {@link close}: resolves when no lane runs any more; never if a thread is stuck in a system call. */
  gone: Promise<unknown> = Promise.resolve();

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#refill = new Refill({ ...settings, size: () => this.#members.size, add: () => this.#add() });
  }

  /** Starts the first lanes; rejects with the error that kept one from being ready. */
  async start(): Promise<void> {
    await Promise.all(
      Array.from(
        { length: this.#settings.minThreads },
        () => new Promise<void>((resolve, reject) => this.#add({ resolve, reject })),
      ),
    );
    this.#scheduleLook(LOOK_EVERY);
  }

  get down(): IpcError | undefined {
    return this.#members.size === 0 ? this.#refill.down : undefined;
  }

  pick(): Lane | undefined {
    let best: Member | undefined;
    for (const member of this.#members.values()) {
      const { lane } = member;
      if (lane.state !== 'ready') continue;
      if (best === undefined || lane.load < best.lane.load) best = member;
      if (best.lane.load === 0) break;
    }
    if (best === undefined) return undefined;
    if (this.#cancelLook === undefined || this.#resting) this.#scheduleLook(LOOK_EVERY);
    best.used = this.#lookedAt;
    return best.lane;
  }

  /** Connects every lane with the current service, or tells it why there is no service. */
  serviceChanged(): void {
    for (const lane of this.#members.keys()) lane.connectService(this.#settings.connectService());
  }

  stats(): { lanes: LaneStats[]; deaths: number; stuck: number } {
    const lanes = [...this.#members.values()].map(({ lane, restarts }) => ({
      id: lane.id,
      isolation: this.#settings.isolation,
      state: lane.state,
      inFlight: lane.load,
      restarts,
      ...(lane.loopDelay && { loopDelay: lane.loopDelay }),
    }));
    return { lanes, deaths: this.#deaths, stuck: this.#refill.stuck };
  }

  /** Ends the lanes at once; their commands fail. `gone` tells when their threads or processes have ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.gone = Promise.all([...this.#members.keys()].map(({ gone }) => gone));
    this.#cancelLook?.();
    this.#refill.close();
    for (const lane of this.#members.keys()) lane.kill('the daemon is shutting down');
  }

  #add(started?: Member['started']): void {
    const { clock } = this.#settings;
    const lane: PooledLane = this.#settings.createLane(this.#nextId++, {
      onReady: () => this.#ready(lane),
      onCapacity: () => this.#settings.onCapacity(),
      onLate: (late) => this.#tell(late ? 'lane.late' : 'lane.recovered', lane),
      onEnd: (error) => this.#ended(lane, error),
    });
    const cancelDeadline = clock.after(START_TIMEOUT, () =>
      lane.kill(`its module was not loaded within ${START_TIMEOUT} ms`),
    );
    const restarts = this.#vacant.shift() ?? 0;
    this.#members.set(lane, {
      lane,
      cancelDeadline,
      started,
      wasReady: false,
      used: clock.now(),
      restarts,
    });
    this.#tell('lane.started', lane);
    // Not with its task, which waits until its worker is up: the port would be lost with a service that dies before that.
    lane.connectService(this.#settings.connectService());
  }

  #ready(lane: PooledLane): void {
    const member = this.#members.get(lane);
    if (!member) return;
    member.cancelDeadline();
    member.wasReady = true;
    member.started?.resolve();
    member.started = undefined;
    this.#refill.ready();
    this.#tell('lane.ready', lane);
    this.#settings.onCapacity();
  }

  #ended(lane: PooledLane, error: Error | undefined): void {
    const member = this.#members.get(lane);
    this.#members.delete(lane);
    member?.cancelDeadline();
    this.#refill.ended(lane.gone);
    if (member?.started) {
      member.started.reject(error ?? new Error('The lane ended before it was ready'));
      return;
    }
    if (this.#closed) return;
    if (error) {
      const { tell, isolation } = this.#settings;
      tell('lane.died', { lane: lane.id, isolation, err: error });
      this.#deaths += 1;
      this.#vacant.push((member?.restarts ?? 0) + 1);
      if (!member?.wasReady) this.#growAfter = this.#settings.clock.now() + PERIOD;
    } else {
      this.#tell('lane.ended', lane);
    }
    this.#refill.run();
    this.#settings.onCapacity();
  }

  #tell(
    step: 'lane.started' | 'lane.ready' | 'lane.late' | 'lane.recovered' | 'lane.ended',
    { id }: Lane,
  ): void {
    const { tell, isolation } = this.#settings;
    tell(step, { lane: id, isolation });
  }

  #end(member: Member): void {
    const { lane } = member;
    member.cancelDeadline();
    member.cancelDeadline = this.#settings.clock.after(END_TIMEOUT, () =>
      lane.kill(`it was idle and did not end within ${END_TIMEOUT} ms`),
    );
    lane.end();
  }

  #scheduleLook(after: number): void {
    this.#cancelLook?.();
    if (this.#closed) return;
    this.#resting = after > LOOK_EVERY;
    this.#lookedAt = this.#settings.clock.now();
    this.#cancelLook = this.#settings.clock.after(after, () => {
      this.#cancelLook = undefined;
      this.#look();
    });
  }

  #look(): void {
    const now = this.#settings.clock.now();
    // A look that comes late means that main was late: that time is not held against a lane.
    const elapsed = Math.min(now - this.#lookedAt, 2 * LOOK_EVERY);
    let working = false;
    let allBusy = true;
    let staying = 0;
    let idlest: Member | undefined;
    for (const member of this.#members.values()) {
      const { lane } = member;
      lane.watch(elapsed);
      if (lane.state === 'ending') continue;
      staying += 1;
      if (lane.working) {
        working = true;
        member.used = now;
      } else if (idlest === undefined || member.used < idlest.used) {
        idlest = member;
      }
      // Every lane is asked at every look, since it answers for the time since the last one.
      const busy = lane.utilization() >= BUSY || lane.load >= SLOTS;
      if ((!busy && lane.state !== 'late') || lane.state === 'starting') allBusy = false;
    }
    const { maxThreads } = this.#settings;
    const mayGrow = this.#members.size < maxThreads && this.#refill.mayAdd && now >= this.#growAfter;
    if (allBusy && staying > 0 && mayGrow) {
      this.#settings.tell('lanes.grown', { isolation: this.#settings.isolation });
      this.#add();
    }
    if (idlest && staying > this.#settings.minThreads && now - idlest.used >= IDLE_AFTER) {
      this.#end(idlest);
      staying -= 1;
    }
    if (working) this.#scheduleLook(LOOK_EVERY);
    else if (staying > this.#settings.minThreads) this.#scheduleLook(IDLE_AFTER);
  }
}
