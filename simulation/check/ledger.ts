// Every request of a run: how often it ran, what it was answered, and which answers its behaviour allows.
import { type Plan, type Behaviour, isShaken } from '../plan/plan.js';
import type { World } from '../virtual/world.js';

export interface Request {
  readonly id: number;
  readonly behaviour: Behaviour;
  /** How often its handler began. */
  begun: number;
  begunAt: number;
  /** How often the caller of a client of the library was told how it ended. */
  settled: number;
}

/** An answer on the wire, whatever its kind. */
export interface Answer {
  /** `Success`, `Data` or `Error`. */
  readonly kind: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** Ends that a request may have although its handler replied, while threads die or do not run. */
const SHAKEN = ['COMMAND_OUTCOME_UNKNOWN', 'LANES_UNAVAILABLE', 'COMMAND_TIMEOUT'];

export class Ledger {
  readonly requests: Request[] = [];
  readonly #world: World;
  readonly #timeout: number;
  /** Whether threads die or are late in this plan. */
  readonly #shaken: boolean;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#timeout = plan.settings.commandTimeout;
    this.#shaken = isShaken(plan);
  }

  add(behaviour: Behaviour): Request {
    const request = { id: this.requests.length, behaviour, begun: 0, begunAt: 0, settled: 0 };
    this.requests.push(request);
    return request;
  }

  /** A handler begins the request. */
  begin(request: Request): void {
    request.begun += 1;
    request.begunAt = this.#world.now;
    if (request.begun > 1) this.#world.fail(`request ${request.id} ran ${request.begun} times`);
  }

  /** The daemon answers the request. */
  answered(request: Request, answer: Answer): void {
    const wrong = this.#wrong(request, answer);
    if (wrong === undefined) return;
    const { kind, message, code } = answer;
    this.#world.fail(
      `request ${request.id} (${JSON.stringify(request.behaviour)}) was answered ${kind} ${code ?? ''} "${message}": ${wrong}`,
    );
  }

  /** The daemon answers a command of another kind, which has no handler. */
  answeredOther(what: string, expected: string, { kind, message, code }: Answer): void {
    if (kind === 'Error' ? code === expected : message === expected) return;
    if (this.#shaken && code !== undefined && SHAKEN.includes(code)) return;
    this.#world.fail(`${what} was answered ${kind} ${code ?? ''} "${message}"`);
  }

  /** A client of the library settles the promise of a request. */
  settled(request: Request, message: string | undefined): void {
    request.settled += 1;
    if (request.settled > 1) this.#world.fail(`the client settled request ${request.id} twice`);
    if (message !== undefined && message !== String(request.id))
      this.#world.fail(`the client resolved request ${request.id} with the answer of ${message}`);
  }

  /** Why an answer is wrong; undefined for one that is right. */
  #wrong(request: Request, { kind, message, code }: Answer): string | undefined {
    const { behaviour, begun, id } = request;
    if (kind === 'Success') {
      if (message !== String(id)) return 'that is the answer of another request';
      return begun === 1 ? undefined : 'its handler did not run';
    }
    if (code === 'LANES_UNAVAILABLE' && begun > 0) return 'it did run';
    if (code === 'COMMAND_TIMEOUT') {
      if (begun === 0) return 'it did not run';
      // Main looks at a lane every 50 ms, and one look may have been late.
      if (this.#world.now - request.begunAt < this.#timeout - 100) return 'its time is not over';
    }
    if (code !== undefined && errorsOf(behaviour).includes(code)) return undefined;
    if (this.#shaken && code !== undefined && SHAKEN.includes(code)) return undefined;
    return 'nothing in this plan can end it like this';
  }
}

function errorsOf(behaviour: Behaviour): readonly string[] {
  switch (behaviour.does) {
    case 'throw':
      return ['SIM_THROWN'];
    case 'invalid':
      return ['REPLY_INVALID'];
    case 'hang':
    case 'later':
      return ['COMMAND_TIMEOUT'];
    case 'publish':
      return ['COMMAND_TIMEOUT', 'PUBLISH_OVERRUN'];
    case 'call':
      return ['COMMAND_TIMEOUT', 'SERVICE_UNAVAILABLE', 'SERVICE_METHOD_UNKNOWN'];
    default:
      return [];
  }
}
