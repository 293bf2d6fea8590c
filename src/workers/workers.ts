// The workers as the daemon sees them: lanes of the chosen tier, the service they share, and main's own publisher.
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { AcceptEvents, Lanes } from '../ports.js';
import { IpcError } from '../protocol/errors.js';
import type { Publish } from '../define.js';
import { EventPacker, unpackEvents } from './link/event-packer.js';
import { InlineLane } from './lanes/inline-lane.js';
import { LanePool, type PoolSettings, START_TIMEOUT } from './lanes/pool.js';
import type { LaneStats } from './lanes/pooled-lane.js';
import { Publisher } from './run/publisher.js';
import { ServiceClient } from './run/service-client.js';
import { ObjectService, type ServiceHost, ThreadService } from './lanes/service-host.js';
import { ThreadLane } from './lanes/thread-lane.js';
import { workerFile } from './lanes/worker-file.js';
import { forwardLine, logSettings } from './link/log.js';

export type { LaneStats };

export interface WorkersSettings {
  /** URL of the commands module. */
  readonly commands: string;
  /** URL of a service module, or an object whose functions run on main. */
  readonly service: string | object | undefined;
  /** An object whose functions run on main and may be called by a service module. */
  readonly host: object | undefined;
  readonly workerData: unknown;
  readonly settings: Pick<PoolSettings, 'minThreads' | 'maxThreads'> & {
    readonly isolation: 'thread' | 'none';
    readonly commandTimeout: number;
    readonly unresponsiveAfter: number;
    readonly resourceLimits: object;
  };
  readonly maxMessageSize: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly onEvents: AcceptEvents;
}

export interface WorkerRoom {
  readonly lanes: Lanes;
  readonly publish: Publish;
  /** Calls back when a lane has room, answers again, or none will. */
  onRoom(listener: () => void): void;
  stats(): { lanes: readonly LaneStats[]; laneDeaths: number; stuckThreads: number };
  /** Hands the broker now what main has published in this turn. */
  flush(): void;
  close(): void;
}

/** Starts the service, then the lanes. */
export async function startWorkers(options: WorkersSettings): Promise<WorkerRoom> {
  const { clock, log, maxMessageSize, onEvents } = options;
  // Asked first: without the file, the blame would fall on the embedder's module.
  if (options.settings.isolation === 'thread' || typeof options.service === 'string') workerFile();
  let room = (): void => undefined;
  const { publisher, flush } = mainPublisher(onEvents, maxMessageSize);
  const onServiceChanged = new Set<(why?: string) => void>();
  const service = await startService(options, (why) => {
    for (const listener of onServiceChanged) listener(why);
  });
  const shared = {
    publish: publisher.publish,
    flush,
    onRoom: (listener: () => void) => {
      room = listener;
    },
  };
  const closeShared = (): void => {
    publisher.close();
    service?.close();
  };
  const module = options.commands;
  const { workerData } = options;
  const { isolation, ...settings } = options.settings;
  try {
    if (isolation === 'none') {
      const client = new ServiceClient();
      const connect = (why?: string): void => {
        const port = why === undefined ? service?.connect() : undefined;
        if (port) client.attach(port);
        else if (why !== undefined) client.detach(why);
      };
      connect();
      onServiceChanged.add(connect);
      const lane = await InlineLane.start({
        module,
        workerData,
        log,
        maxMessageSize,
        commandTimeout: settings.commandTimeout,
        publish: publisher.publish,
        serviceFor: (signal) => client.calls(signal),
        onRoom: () => room(),
      });
      return {
        ...shared,
        lanes: { pick: () => lane, down: undefined },
        stats: () => ({
          lanes: [{ id: lane.id, state: 'ready', inFlight: lane.load }],
          laneDeaths: 0,
          stuckThreads: 0,
        }),
        close() {
          lane.close();
          client.detach('the daemon is shutting down');
          closeShared();
        },
      };
    }
    const connectService = () => service?.connect();
    const { minThreads, maxThreads, commandTimeout, unresponsiveAfter, resourceLimits } = settings;
    const pool = new LanePool({
      minThreads,
      maxThreads,
      log,
      clock,
      connectService,
      onRoom: () => room(),
      createLane: (id, hooks) =>
        new ThreadLane(
          id,
          {
            start: { module, workerData, log: logSettings(log), maxMessageSize, commandTimeout },
            resourceLimits,
            unresponsiveAfter,
            service: connectService(),
            onEvents,
            onLog: (line) => forwardLine(log, line),
          },
          hooks,
        ),
    });
    onServiceChanged.add((why) => pool.serviceChanged(why));
    try {
      await pool.start();
    } catch (error) {
      pool.close();
      throw error;
    }
    return {
      ...shared,
      lanes: pool,
      stats: () => {
        const { lanes, deaths, stuck } = pool.stats();
        return { lanes, laneDeaths: deaths, stuckThreads: stuck };
      },
      close() {
        pool.close();
        closeShared();
      },
    };
  } catch (cause) {
    closeShared();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IpcError('LANES_UNAVAILABLE', `The commands module could not be started: ${why}`, { cause });
  }
}

async function startService(
  options: WorkersSettings,
  changed: (why?: string) => void,
): Promise<ServiceHost | undefined> {
  const { service, host, workerData, log, maxMessageSize, clock, onEvents, settings } = options;
  if (service === undefined) return undefined;
  if (typeof service === 'object') return new ObjectService(service);
  const started = new ThreadService(
    {
      start: { module: service, workerData, log: logSettings(log), maxMessageSize },
      resourceLimits: settings.resourceLimits,
      startTimeout: START_TIMEOUT,
      unresponsiveAfter: settings.unresponsiveAfter,
      clock,
      host,
    },
    {
      onUp: () => changed(),
      onDown: (why, err) => {
        log.error({ err }, 'the service died');
        changed(why);
      },
      onEvents,
      onLog: (line) => forwardLine(log, line),
    },
  );
  await started.start();
  return started;
}

/** Main's own publisher: the same credit, and no thread to cross. */
function mainPublisher(
  onEvents: AcceptEvents,
  maxMessageSize: number,
): { publisher: Publisher; flush: () => void } {
  const packer = new EventPacker();
  let scheduled = false;
  const flush = (): void => {
    const packed = packer.pack();
    if (packed) onEvents(unpackEvents(packed), (bytes) => publisher.release(bytes));
  };
  const publisher: Publisher = new Publisher({
    maxMessageSize,
    send(event) {
      packer.add(event);
      if (scheduled) return;
      scheduled = true;
      // Not a microtask: a publisher that only awaits publish() would never let the loop turn.
      setImmediate(() => {
        scheduled = false;
        flush();
      });
    },
  });
  return { publisher, flush };
}
