// One run: a plan is played against the real daemon and its clients, in a world of its own, and checked after each step.
import type { Daemon } from '#dist/running-daemon.js';
import type { Endpoint } from '../build/edges.js';
import { quietLogger } from '../build/quiet-logger.js';
import { Checks } from '../check/checks.js';
import type { Observer } from '../check/probes.js';
import type { Plan } from '../plan/plan.js';
import type { VirtualWorker } from '../virtual/worker.js';
import { eachTurn } from '../virtual/turns.js';
import { World } from '../virtual/world.js';
import type { Workplace } from './handlers.js';
import { Script } from './script.js';
import type { Theatre } from './theatre.js';
import type { Workers } from './workers.js';

/** Virtual time, in ms, in which everything must settle once the faults stop. Lanes that died too often come back after 10 s. */
const SETTLE_TIME = 15_000;
/** Virtual time, in ms, after which nothing may be left of a closed daemon: lingering connections and threads have one second. */
const LEAVE_TIME = 3000;
/** The most steps of one run. */
const MOST_STEPS = 60_000;

/** What became of a run. */
export interface Outcome {
  readonly seed: number;
  /** The broken promise; undefined when all were kept. */
  readonly violation: string | undefined;
  /** Equal for equal runs. */
  readonly digest: number;
  readonly steps: number;
  /** How often something of note happened, by its name. */
  readonly counts: ReadonlyMap<string, number>;
  /** Every step as text, if it was asked for. */
  readonly trace: readonly string[];
}

type Phase = 'starting' | 'notStarted' | 'playing' | 'settling' | 'closing' | 'leaving' | 'over';

export class Run {
  readonly world: World;
  readonly checks: Checks;
  readonly #theatre: Theatre;
  readonly #plan: Plan;
  readonly #script: Script;
  #daemon: Daemon | undefined;
  #phase: Phase = 'starting';
  /** Time does not go on past this. */
  #until = Infinity;
  #listening = false;

  /** @param tracing Whether the outcome has a trace. */
  constructor(theatre: Theatre, plan: Plan, tracing: boolean) {
    this.#theatre = theatre;
    this.#plan = plan;
    this.world = new World(plan.schedule, tracing);
    this.world.longSteps = plan.settings.longSteps;
    this.checks = new Checks(this.world, plan);
    this.#script = new Script(this.world, this.checks, theatre.library, plan);
  }

  /** Plays the plan. Never rejects. */
  async play(): Promise<Outcome> {
    const { world } = this;
    this.#theatre.run = this;
    const unhandled = (error: unknown): void =>
      world.fail(
        `a rejection that nobody handles, of ${world.current.name}: ${String((error as Error).stack)}`,
      );
    const { stackTraceLimit } = Error;
    // Most errors here are wanted, and a stack costs more than a step.
    if (!world.trace) Error.stackTraceLimit = 0;
    process.on('unhandledRejection', unhandled);
    world.main.post(() => this.#start());
    try {
      await eachTurn(() => this.#turn());
    } finally {
      process.off('unhandledRejection', unhandled);
      Error.stackTraceLimit = stackTraceLimit;
    }
    const { violation, digest, steps, counts, trace = [] } = world;
    return { seed: this.#plan.seed, violation: violation?.message, digest, steps, counts, trace };
  }

  get observer(): Observer {
    return this.checks;
  }

  get workplace(): Workplace {
    const { world, checks } = this;
    return {
      actor: world.current,
      requestOf: (id) => checks.ledger.requests[id],
      begin: (request) => checks.ledger.begin(request),
      exit: () => this.workers.of(world.current)?.die('its handler called exit'),
      hold: (ms) => (world.now += ms),
      after: (ms, action) => void world.current.after(world.now + ms, action),
      nextEvent: () => checks.nextEvent(),
    };
  }

  get workers(): Workers {
    return this.#script.workers;
  }

  /** A worker loads a module. Throws, or never ends, if the plan wants it. */
  async loads(): Promise<void> {
    const { spoiled } = this.#script;
    if (spoiled.count === 0) return;
    spoiled.count -= 1;
    this.world.count(`load that is to ${spoiled.how}`);
    if (spoiled.how === 'hang') await new Promise(() => undefined);
    throw new Error('the plan spoils the module');
  }

  workerStarted(worker: VirtualWorker): void {
    this.checks.publishers += 1;
    this.workers.add(worker);
  }

  /** The daemon listens, or listens no more. */
  listens(endpoint: Endpoint | undefined): void {
    this.#script.endpoint = endpoint;
    if (!endpoint || this.#listening) return;
    this.#listening = true;
    this.#script.begin();
  }

  #start(): void {
    const { settings } = this.#plan;
    const options = {
      socketPath: 'virtual',
      commands: 'virtual:commands',
      ...(settings.service ? { service: 'virtual:service' } : {}),
      workers: {
        isolation: settings.isolation,
        commands: settings.marks,
        minThreads: settings.minThreads,
        maxThreads: settings.maxThreads,
        commandTimeout: settings.commandTimeout,
        unresponsiveAfter: settings.unresponsiveAfter,
      },
      connections: {
        max: settings.maxConnections,
        maxMessageSize: settings.maxMessageSize,
        frameTimeout: settings.frameTimeout,
        maxInFlight: settings.maxInFlight,
        writeHighWaterMark: settings.writeHighWaterMark,
      },
      subscribers: {
        queueBytes: settings.queueBytes,
        whenFull: settings.whenFull,
        stallGrace: settings.stallGrace,
        heartbeat: settings.heartbeat,
        eventHold: settings.eventHold,
      },
      log: quietLogger(undefined, { write: (line) => this.checks.logged(line) }),
    };
    this.#theatre.library.startDaemon(options as never).then(
      (daemon) => {
        this.#daemon = daemon;
        this.#script.daemon = daemon;
        this.world.note(() => 'the daemon has started');
      },
      (error: unknown) => this.#startFailed(error as Error),
    );
  }

  /** A thread that dies while the daemon starts ends the start. */
  #startFailed(error: Error): void {
    this.world.note(() => `the daemon did not start: ${error.message}`);
    if (!this.checks.shaken) this.world.fail(`the daemon did not start: ${String(error.stack)}`);
    this.checks.closing = true;
    this.#enter('notStarted', Infinity);
  }

  #turn(): boolean {
    const { world, checks } = this;
    checks.afterStep(this.#daemon);
    if (world.violation) return false;
    if (world.steps > MOST_STEPS)
      world.fail(`more than ${MOST_STEPS} steps; ${checks.unsettled(this.#daemon) ?? 'all is settled'}`);
    if (world.steps % 8 === 0) this.#goOn();
    if (this.#phase !== 'over' && !world.step(this.#until)) this.#timeIsUp();
    return this.#phase !== 'over';
  }

  /** Goes to the next phase when this one has done what it is for. */
  #goOn(): void {
    const { checks } = this;
    if (this.#phase === 'starting' && this.#daemon) this.#enter('playing', Infinity);
    else if (this.#phase === 'notStarted' && this.#script.over) {
      this.#script.calm();
      this.#enter('leaving', LEAVE_TIME);
    } else if (this.#phase === 'playing' && this.#script.over) {
      this.#script.calm();
      this.#enter('settling', SETTLE_TIME);
    } else if (
      this.#phase === 'settling' &&
      (checks.closing || checks.unsettled(this.#daemon) === undefined)
    ) {
      if (!checks.closing) checks.settled();
      this.#enter('closing', SETTLE_TIME);
      this.world.main.post(() => this.#close());
    }
  }

  #close(): void {
    this.checks.closing = true;
    this.#daemon?.close({ grace: 2000 }).then(
      () => this.#enter('leaving', LEAVE_TIME),
      (error: unknown) => this.world.fail(`close() rejected: ${String(error)}`),
    );
  }

  #enter(phase: Phase, time: number): void {
    this.world.note(() => `-- ${phase}`);
    this.#phase = phase;
    this.#until = this.world.now + time;
  }

  /** Nothing is left to do, or the phase took too long. */
  #timeIsUp(): void {
    const { world, checks } = this;
    if (this.#phase === 'leaving') {
      checks.afterwards(this.#daemon);
      this.#phase = 'over';
      return;
    }
    const phase = this.#phase;
    this.#goOn();
    if (this.#phase !== phase) return;
    const what = this.#phase === 'settling' ? checks.unsettled(this.#daemon) : 'the daemon does not get on';
    world.fail(`after ${SETTLE_TIME} ms without faults: ${what ?? 'nothing'} (${this.#phase})`);
  }
}
