// Gives the commands of all connections to lanes, and remembers which pipelines wait for one.
import { type Tell, untold } from '../telemetry/diagnostics.js';
import type { Lanes } from '../ports.js';
import { Pipeline } from './pipeline.js';
import type { CommandCounters, PipelineContext, PipelineOwner, WaitsForLane } from './pipeline-context.js';
import type { ResponseWriter, Subscriptions, WriterHooks } from './ports.js';

export class Dispatcher<W extends ResponseWriter> {
  readonly counters: CommandCounters = { received: 0, answered: 0, failed: 0, timedOut: 0 };
  readonly #waiting = new Set<WaitsForLane>();
  readonly #context: PipelineContext<W>;

  constructor(lanes: Lanes, subscriptions: Subscriptions<W>, tell: Tell = untold) {
    this.#context = {
      lanes,
      subscriptions,
      counters: this.counters,
      tell,
      countFailed: ({ connectionId }, timedOut) => {
        this.counters.failed += 1;
        if (!timedOut) return;
        this.counters.timedOut += 1;
        tell('command.timed-out', { connectionId });
      },
      waitForLane: (pipeline) => {
        this.#waiting.add(pipeline);
      },
      forget: (pipeline) => {
        this.#waiting.delete(pipeline);
      },
    };
  }

  /** Makes a new connection's pipeline. */
  open(connectionId: number, owner: PipelineOwner, createWriter: (hooks: WriterHooks) => W): Pipeline<W> {
    return new Pipeline(connectionId, this.#context, owner, createWriter);
  }

  /** Lanes have free capacity, or none will have: the waiting pipelines try again, the longest waiting first. */
  readonly capacityFreed = (): void => {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const pipeline of waiting) pipeline.pump();
  };
}
