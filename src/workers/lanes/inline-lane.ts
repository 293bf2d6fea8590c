// The lane of isolation 'none': the same executor on main's own thread, for embedders that trust their handlers.
import type { Logger } from 'pino';
import { systemClock } from '../../clock.js';
import type { Job, Lane } from '../../ports.js';
import { encodeFrame } from '../../protocol/frames.js';
import { ANSWER } from '../link/batch.js';
import type { Publish, ServiceCalls } from '../../define.js';
import { Executor } from '../run/executor.js';
import { loadDefinition } from '../run/load.js';
import { SharedState } from '../link/claims.js';
import { type Offered, Slots } from './slots.js';

export interface InlineSettings {
  readonly module: string;
  readonly workerData: unknown;
  readonly commandTimeout: number;
  readonly maxMessageSize: number;
  readonly log: Logger;
  readonly publish: Publish;
  readonly serviceFor: (signal?: () => AbortSignal) => ServiceCalls;
  readonly onRoom: () => void;
}

export class InlineLane implements Lane {
  readonly id = 0;
  readonly #slots = new Slots(new SharedState(SharedState.allocateLocal()));
  readonly #executor: Executor;
  readonly #onRoom: () => void;
  #open = true;
  #collected: Offered[] = [];

  private constructor(settings: InlineSettings, handlers: Awaited<ReturnType<typeof setUp>>) {
    const { shared } = this.#slots;
    this.#onRoom = settings.onRoom;
    this.#executor = new Executor({
      handlers,
      shared: { publish: settings.publish, log: settings.log, serviceFor: settings.serviceFor },
      commandTimeout: settings.commandTimeout,
      maxMessageSize: settings.maxMessageSize,
      clock: systemClock,
      soon: setImmediate,
      claim: (slot, sequence) => shared.claim(slot, sequence),
      answer: (slot, sequence, kind, text) => {
        const job = this.#slots.settle(slot, sequence);
        if (job === undefined) return;
        if (kind === ANSWER.SUBSCRIBE) job.subscribe(text);
        else if (kind === ANSWER.UNSUBSCRIBE) job.unsubscribe();
        else {
          job.origin.respond(encodeFrame(text, settings.maxMessageSize));
          job.answered();
        }
        settings.onRoom();
      },
      flush: () => true,
    });
  }

  /** Loads the commands module and sets it up. */
  static async start(settings: InlineSettings): Promise<InlineLane> {
    return new InlineLane(settings, await setUp(settings));
  }

  /** Commands it has. */
  get load(): number {
    return this.#slots.used;
  }

  offer(job: Job): boolean {
    const offered = this.#open ? this.#slots.add(job) : undefined;
    if (!offered) return false;
    this.#collected.push(offered);
    if (this.#collected.length === 1) queueMicrotask(() => this.#take());
    return true;
  }

  // Not within offer(): whoever offers must have noted that the command is here before its answer comes.
  #take(): void {
    const entries = this.#slots.current(this.#collected);
    this.#collected = [];
    this.#executor.take(entries);
  }

  recall(job: Job): boolean {
    const { full } = this.#slots;
    const back = this.#slots.recall(job);
    if (back && full) queueMicrotask(this.#onRoom);
    return back;
  }

  /** Takes no more; what has begun goes on. */
  close(): void {
    this.#open = false;
  }
}

async function setUp({ module, workerData, log, publish, serviceFor }: InlineSettings) {
  const definition = await loadDefinition(module, 'bunctl-ipc.commands');
  return definition.setUp({ workerData, log, publish, service: serviceFor() });
}
