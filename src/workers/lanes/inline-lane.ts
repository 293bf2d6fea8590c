// The lane of isolation 'none': the same executor on the main thread, for embedders that trust their handlers.
import type { Logger } from 'pino';
import { systemClock } from '../../clock.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { Job, Lane } from '../../ports.js';
import { encodeFrame } from '../../protocol/frames.js';
import { ANSWER } from '../link/answers.js';
import type { Publish, ServiceCalls } from '../../define.js';
import { Executor } from '../run/executor.js';
import { loadDefinition, setUpDefinition } from '../run/load.js';
import { SharedState } from '../link/claims.js';
import { Slots } from './slots.js';

export interface InlineSettings {
  readonly module: string;
  readonly workerData: unknown;
  readonly commandTimeout: number;
  /** Commands that lanes of another tier run. */
  readonly elsewhere: readonly string[];
  readonly maxMessageSize: number;
  readonly log: Logger;
  readonly tell: Tell;
  readonly publish: Publish;
  /** Hands the broker the events that were published before an answer. */
  readonly flushEvents: () => void;
  readonly serviceFor: (signal?: () => AbortSignal) => ServiceCalls;
  readonly onCapacity: () => void;
}

export class InlineLane implements Lane {
  readonly id = 0;
  readonly #slots = new Slots(new SharedState(SharedState.allocateLocal()));
  readonly #executor: Executor;
  readonly #onCapacity: () => void;
  #open = true;
  #capacityDue = false;
  readonly #collected = new Set<Job>();

  private constructor(settings: InlineSettings, handlers: Awaited<ReturnType<typeof setUp>>) {
    const { shared } = this.#slots;
    this.#onCapacity = settings.onCapacity;
    this.#executor = new Executor({
      handlers,
      elsewhere: settings.elsewhere.length > 0 ? new Set(settings.elsewhere) : undefined,
      shared: { publish: settings.publish, log: settings.log, serviceFor: settings.serviceFor },
      commandTimeout: settings.commandTimeout,
      maxMessageSize: settings.maxMessageSize,
      clock: systemClock,
      tell: settings.tell,
      soon: setImmediate,
      claim: (slot, sequence) => shared.claim(slot, sequence),
      answer: (slot, sequence, kind, text) => {
        const job = this.#slots.settle(slot, sequence);
        if (job === undefined) return;
        settings.flushEvents();
        if (kind === ANSWER.SUBSCRIBE) job.subscribe(text);
        else if (kind === ANSWER.UNSUBSCRIBE) job.unsubscribe();
        else {
          job.origin.respond(encodeFrame(text, settings.maxMessageSize));
          job.answered(kind === ANSWER.OVERRUN);
        }
        this.#capacitySoon();
      },
      flush: () => true,
    });
  }

  /** Loads the commands module and sets it up. */
  static async start(settings: InlineSettings): Promise<InlineLane> {
    return new InlineLane(settings, await setUp(settings));
  }

  /** The number of its commands. */
  get load(): number {
    return this.#slots.used;
  }

  offer(job: Job): boolean {
    if (!this.#open || !this.#slots.add(job)) return false;
    this.#collected.add(job);
    if (this.#collected.size === 1) queueMicrotask(() => this.#take());
    return true;
  }

  // Not within offer(): its caller must have noted that the command is here before the answer comes.
  #take(): void {
    const entries = Slots.entries(this.#collected);
    this.#collected.clear();
    this.#executor.take(entries);
  }

  recall(job: Job): boolean {
    const { full } = this.#slots;
    const back = this.#slots.recall(job);
    if (!back) return false;
    this.#collected.delete(job);
    if (full) queueMicrotask(this.#onCapacity);
    return true;
  }

  /** Once for all answers of a turn: each call looks at every pipeline that waits. */
  #capacitySoon(): void {
    if (this.#capacityDue) return;
    this.#capacityDue = true;
    setImmediate(() => {
      this.#capacityDue = false;
      this.#onCapacity();
    });
  }

  /** Stops taking commands; those that have begun go on. */
  close(): void {
    this.#open = false;
  }
}

async function setUp({ module, workerData, log, publish, serviceFor }: InlineSettings) {
  const definition = await loadDefinition(module, 'bunctl-ipc.commands');
  return setUpDefinition(module, definition, { workerData, log, publish, service: serviceFor() });
}
