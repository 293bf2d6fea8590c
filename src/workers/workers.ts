// The workers as the daemon sees them: lanes of the chosen tier, the service they share, and main's own publisher.
import type { Logger } from 'pino';
import { onAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import type { Publish } from '../define.js';
import type { Tell } from '../telemetry/diagnostics.js';
import type { AcceptEvents, Lanes } from '../ports.js';
import { waitAtMost } from '../timeout.js';
import { MainPublisher } from './lanes/main-publisher.js';
import { ObjectService } from './lanes/object-service.js';
import { surviveBrokenOutput } from './thread-tier/output.js';
import { type PoolSettings, START_TIMEOUT } from './lanes/pool.js';
import type { LaneStats } from './lanes/pooled-lane.js';
import type { ServiceHost } from './lanes/service-host.js';
import { forwardLine, logSettings, type ThreadLog } from './lanes/thread-log.js';
import { ThreadService } from './thread-tier/thread-service.js';
import type { ThreadOptions, Tier } from './lanes/tier.js';
import { workerFile } from './lanes/worker-file.js';
import { RefusedEvents } from './run/refused-events.js';
import { END_TIME, type IsolationSettings, startLanes } from './start-lanes.js';

export type { LaneStats };

export interface WorkersSettings {
  /** The daemon's `socketPath`. */
  readonly daemon: string;
  /** URL of the commands module. */
  readonly commands: string;
  /** URL of a service module, or an object whose functions run on main. */
  readonly service: string | object | undefined;
  /** An object whose functions run on main and may be called by a service module. */
  readonly host: object | undefined;
  readonly workerData: unknown;
  readonly settings: Pick<PoolSettings, 'minThreads' | 'maxThreads'> & {
    readonly [K in keyof ThreadOptions]: ThreadOptions[K] | undefined;
  } & IsolationSettings & {
      readonly maxMemory: number;
      readonly commandTimeout: number;
      readonly unresponsiveAfter: number;
      readonly logFd?: number | undefined;
    };
  readonly maxMessageSize: number;
  /** Whether lanes measure the delay of their loops. */
  readonly measureLoops: boolean;
  readonly log: Logger;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly onEvents: AcceptEvents;
  /** Gives the start up: the threads are killed. */
  readonly signal: AbortSignal;
}

export interface WorkersStats {
  readonly lanes: readonly LaneStats[];
  readonly laneDeaths: number;
  readonly stuckThreads: number;
  readonly eventsRefused: number;
  readonly logLinesLost: number;
  /** Threads and processes that may publish, main included. */
  readonly publishers: number;
  /** Bytes of main's events that wait for credit. */
  readonly waitingBytes: number;
}

export interface Workers {
  readonly lanes: Lanes;
  readonly publish: Publish;
  /** Calls back when a lane can take commands again, or none will. */
  onCapacity(listener: () => void): void;
  stats(): WorkersStats;
  /** Hands the broker now the events that main has published in this turn. */
  flush(): void;
  /** Ends lanes and service at once; resolves when they have ended, or after {@link END_TIME}. */
  close(): Promise<void>;
}

/** Starts the service, then the lanes. */
export async function startWorkers(options: WorkersSettings): Promise<Workers> {
  const { settings, onEvents, maxMessageSize, tell } = options;
  // Checked first: without the file, the blame would fall on the embedder's module.
  const kinds: readonly unknown[] = [settings.isolation, ...Object.values(settings.commands)];
  if (kinds.includes('process')) workerFile('process');
  if (kinds.includes('thread') || typeof options.service === 'string') workerFile('thread');
  const refused = new RefusedEvents(undefined, (count) => tell('events.refused', { thread: 'main', count }));
  const main = new MainPublisher(onEvents, maxMessageSize, refused.listener(tell));
  const lines = { lost: 0 };
  const heard = threadLog(options, lines);
  const restoreOutput = surviveBrokenOutput();
  // Each tier has a listener of its own.
  const serviceListeners: (() => void)[] = [];
  const serviceChanged = (): void => serviceListeners.forEach((changed) => changed());
  let onCapacity = (): void => undefined;
  let service: ServiceHost | undefined;
  const closeMain = (): void => {
    main.close();
    restoreOutput();
  };
  let tier: Tier;
  try {
    service = await startService(options, heard, refused.memory, serviceChanged);
    options.signal.throwIfAborted();
    tier = await startLanes(
      {
        ...options,
        ...settings,
        thread: threadOptions(settings),
        module: options.commands,
        threadLog: heard,
        refused,
        publish: main.publish,
        flushEvents: () => main.flush(),
        connectService: () => service?.connect() ?? 'startDaemon was given no service',
        onServiceChanged: (listener) => void serviceListeners.push(listener),
        onCapacity: () => onCapacity(),
      },
      settings,
    );
  } catch (error) {
    service?.close();
    closeMain();
    throw error;
  }
  return {
    lanes: tier.lanes,
    stats() {
      const stats = tier.stats();
      const workers = stats.lanes.filter(({ isolation }) => isolation !== 'none').length;
      return {
        ...stats,
        eventsRefused: refused.count,
        logLinesLost: lines.lost,
        publishers: 1 + workers + (service instanceof ThreadService ? 1 : 0),
        waitingBytes: main.waitingBytes,
      };
    },
    publish: main.publish,
    onCapacity: (listener) => (onCapacity = listener),
    flush: () => main.flush(),
    async close() {
      tier.close();
      service?.close();
      await waitAtMost(Promise.all([tier.gone(), service?.gone]), END_TIME, () => undefined, options.clock);
      // Last, so that main's own publishers are refused only when close() is all but done.
      closeMain();
    },
  };
}

async function startService(
  options: WorkersSettings,
  heard: ThreadLog,
  refused: SharedArrayBuffer,
  onChanged: () => void,
): Promise<ServiceHost | undefined> {
  const { daemon, service, host, workerData, log, maxMessageSize, clock, onEvents, settings, tell } = options;
  if (service === undefined) return undefined;
  if (typeof service === 'object') return new ObjectService(service);
  const { unresponsiveAfter } = settings;
  const start = {
    daemon,
    module: service,
    workerData,
    log: logSettings(log, settings.logFd),
    maxMessageSize,
    refused,
  };
  const started = new ThreadService(
    { start, thread: threadOptions(settings), startTimeout: START_TIMEOUT, unresponsiveAfter, clock, host },
    {
      onUp() {
        tell('service.up', {});
        onChanged();
      },
      onDown(err) {
        tell('service.down', { err });
        onChanged();
      },
      onEvents,
      log: heard,
    },
  );
  const stop = onAbort(options.signal, () => started.close());
  try {
    await started.start();
    return started;
  } finally {
    stop();
  }
}

function threadOptions({ resourceLimits, execArgv, argv, env }: WorkersSettings['settings']): ThreadOptions {
  return {
    ...(resourceLimits && { resourceLimits }),
    ...(execArgv && { execArgv }),
    ...(argv && { argv }),
    ...(env && { env }),
  };
}

function threadLog({ log, tell }: WorkersSettings, counted: { lost: number }): ThreadLog {
  return {
    line: (line) => forwardLine(log, line),
    lost(lines, thread) {
      counted.lost += lines;
      tell('log.lines-lost', { thread, lines });
    },
    refused: (count, thread) => tell('events.refused', { thread, count }),
  };
}
