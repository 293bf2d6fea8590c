// A running daemon: its statistics, and its close.
import type { Acceptor, AcceptorStats } from './acceptor/acceptor.js';
import type { Dispatcher } from './acceptor/dispatcher.js';
import type { CommandCounters } from './acceptor/pipeline-context.js';
import type { Broker, BrokerStats } from './broker/broker.js';
import { WAIT_ALONE } from './broker/stall-watch.js';
import type { Tell } from './telemetry/diagnostics.js';
import type { Claim } from './endpoint/ports.js';
import { everyStepInTurn } from './every-step.js';
import { type LoopDelay, LoopMonitor } from './telemetry/loop-delay.js';
import { checkOptionNames } from './option-names.js';
import type { ResolvedOptions } from './options.js';
import { IpcError } from './protocol/errors.js';
import type { EventInput } from './protocol/events.js';
import { type QueueStats, queueStats } from './telemetry/queue-stats.js';
import { waitAtMost } from './timeout.js';
import type { LaneStats, Workers } from './workers/workers.js';
import type { Writer } from './writer/writer.js';

/** The statistics of a daemon: plain data, for people and for metrics. */
export interface DaemonStats {
  readonly connections: AcceptorStats;
  readonly commands: Readonly<CommandCounters>;
  /** One entry for each lane that is there now. */
  readonly lanes: readonly LaneStats[];
  /** Lanes that died, since the start. */
  readonly laneDeaths: number;
  /** Threads of dead lanes that a system call holds, so that they cannot end. */
  readonly stuckThreads: number;
  /** Events that `publish()` refused in any thread since the start; they were not sent to any subscriber. */
  readonly eventsRefused: number;
  /** Log lines of workers that were lost since the start. */
  readonly logLinesLost: number;
  readonly events: BrokerStats;
  /** The queues that the main thread sees, and their bounds. */
  readonly queues: readonly QueueStats[];
  /** The delay of the main thread's loop; with the option `measureLoops` only. */
  readonly loopDelay?: LoopDelay;
}

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens: the absolute path, or the pipe's name. */
  readonly socketPath: string;
  /** Publishes an event from the main thread; see `CommandContext.publish`. */
  publish(event: EventInput): Promise<void>;
  /** How it fares now. It looks at every connection, so do not call it many times a second. */
  stats(): DaemonStats;
  /**
   * Removes the socket, stops accepting and reading, answers what was received whole, sends what is queued, all within
   * `grace` ms (0 or more, default 5000; `Infinity` waits without a limit), then ends the lanes. A fault in one of
   * these steps is logged, and the next steps are taken. A client that reads nothing for a second, or for
   * `subscribers.stallGrace` if that is longer, is cut.
   *
   * @returns Whether everything was answered and sent in time, and no client cut. A second call has the result of the first.
   * @throws {IpcError} `OPTION_INVALID` when `grace` is not such a number; the daemon goes on.
   */
  close(options?: { grace?: number }): Promise<boolean>;
  /** Closes the daemon with the default grace: `await using daemon = await startDaemon(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long, in ms, the release of the endpoint may take: its folder may not answer. */
const RELEASE_TIME = 5000;

export interface DaemonParts {
  readonly claim: Claim;
  readonly acceptor: Acceptor<Writer>;
  readonly dispatcher: Dispatcher<Writer>;
  readonly broker: Broker;
  readonly workers: Workers;
  readonly options: Pick<ResolvedOptions, 'connections' | 'subscribers' | 'measureLoops'>;
  readonly tell: Tell;
}

export class RunningDaemon implements Daemon {
  readonly #parts: DaemonParts;
  readonly #monitor: LoopMonitor | undefined;
  #closing: Promise<boolean> | undefined;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#monitor = parts.options.measureLoops ? new LoopMonitor() : undefined;
  }

  get socketPath(): string {
    return this.#parts.claim.path;
  }

  readonly publish = (event: EventInput): Promise<void> => this.#parts.workers.publish(event);

  readonly stats = (): DaemonStats => {
    const { acceptor, dispatcher, broker, workers } = this.#parts;
    const ofWorkers = workers.stats();
    const { lanes, laneDeaths, stuckThreads, eventsRefused, logLinesLost } = ofWorkers;
    return {
      connections: acceptor.stats(),
      commands: { ...dispatcher.counters },
      lanes,
      laneDeaths,
      stuckThreads,
      eventsRefused,
      logLinesLost,
      events: broker.stats(),
      queues: queueStats(this.#parts, ofWorkers),
      ...(this.#monitor && { loopDelay: this.#monitor.delay() }),
    };
  };

  readonly close = async (options: { grace?: number } = {}): Promise<boolean> => {
    // As the listener of a signal it is given the signal's name.
    if (typeof options !== 'string') checkOptionNames(options, ['grace'], 'close()');
    const { grace = 5000 } = options;
    // '5' and null would be coerced to numbers here; refuse them.
    if (typeof grace !== 'number' || !(grace >= 0)) {
      const message = 'The grace of close() must be a number of milliseconds, 0 or more, or Infinity';
      throw new IpcError('OPTION_INVALID', message);
    }
    if (this.#closing) return this.#closing;
    // Before the first step is told: who hears it may call close(), too.
    let begun = (_end: Promise<boolean>): void => undefined;
    this.#closing = new Promise((resolve) => (begun = resolve));
    begun(this.#close(grace));
    return this.#closing;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(grace: number): Promise<boolean> {
    const { claim, acceptor, broker, workers, options, tell } = this.#parts;
    // As in the broker: a client that keeps only its own data waiting has a second.
    const stalled = Math.max(WAIT_ALONE, options.subscribers.stallGrace);
    tell('daemon.stopping', { grace });
    const report = (err: unknown): void => tell('daemon.stop-failed', { err });
    let inTime = false;
    const released = claim.release().catch(report);
    await everyStepInTurn(
      report,
      () => workers.flush(),
      async () => {
        const drained = acceptor.drain(stalled).then(() => acceptor.allSent);
        inTime = await waitAtMost(drained, grace, () => acceptor.allSent);
      },
      () => acceptor.destroy(),
      () => workers.close(),
      () => broker.close(),
      () => this.#monitor?.stop(),
      () =>
        waitAtMost(released, RELEASE_TIME, () => {
          throw new IpcError(
            'ENDPOINT_UNUSABLE',
            `${claim.path} could not be released in ${RELEASE_TIME} ms`,
          );
        }),
    );
    tell('daemon.stopped', { inTime });
    return inTime;
  }
}
