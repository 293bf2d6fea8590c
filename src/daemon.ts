// startDaemon: the one place where acceptor, workers and broker meet.
import type { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { type Logger, pino } from 'pino';
import { Acceptor, type AcceptorStats } from './acceptor/acceptor.js';
import { type Claim, claimEndpoint } from './endpoint/claim.js';
import { defaultSocketPath } from './endpoint/default-path.js';
import { Dispatcher } from './acceptor/dispatcher.js';
import type { CommandCounters } from './acceptor/pipeline.js';
import { Broker } from './broker/broker.js';
import { SocketSink } from './writer/sink.js';
import { Writer } from './writer/writer.js';
import { systemClock } from './clock.js';
import { type DaemonOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { endpointOf } from './protocol/endpoints.js';
import { IpcError } from './protocol/errors.js';
import type { EventInput } from './protocol/events.js';
import { waitAtMost } from './timeout.js';
import { type LaneStats, type WorkerRoom, startWorkers } from './workers/workers.js';

/** What a daemon tells of itself: plain data, for people and for metrics. */
export interface DaemonStats {
  readonly connections: AcceptorStats;
  readonly commands: Readonly<CommandCounters>;
  readonly lanes: readonly LaneStats[];
  /** Lanes that died. */
  readonly laneDeaths: number;
  /** Threads of lanes that have ended and do not end themselves: a system call that does not return holds them. */
  readonly stuckThreads: number;
  readonly events: ReturnType<Broker['stats']>;
}

/** A running daemon. */
export interface Daemon {
  /** Where it listens: the path, absolute, or the pipe's name. */
  readonly socketPath: string;
  /** As `CommandContext.publish`, from the main thread. */
  publish(event: EventInput): Promise<void>;
  stats(): DaemonStats;
  /**
   * Stops accepting and reading, answers what was received whole, sends what is queued, all within `grace` ms
   * (0 or more, default 5000; `Infinity` waits without a limit), then ends the lanes and removes the socket.
   * Resolves with whether all of it was in time.
   *
   * @throws {IpcError} `OPTION_INVALID` when `grace` is no such number; the daemon goes on.
   */
  close(options?: { grace?: number }): Promise<boolean>;
}

/**
 * Starts a daemon: claims the endpoint, binds it, then starts the workers.
 *
 * @throws {IpcError} `OPTION_INVALID`, `ENDPOINT_*`, or `LANES_UNAVAILABLE` and `SERVICE_UNAVAILABLE` when a
 *   module cannot be loaded.
 */
export async function startDaemon(given: DaemonOptions): Promise<Daemon> {
  const options = resolveOptions(given);
  const log = options.log ?? pino({ level: 'silent' });
  const { broker, createWriter } = broadcasting(options, log);
  // Bound before the workers start: the umask is the process's, and is narrowed around the bind. Who connects
  // meanwhile waits.
  const early = new Set<Socket>();
  let accept = (socket: Socket): void => void early.add(socket.pause());
  const endpoint = endpointOf(options.socketPath ?? defaultSocketPath(), process.platform);
  const claim = await claimEndpoint(endpoint, {
    onConnection: (socket) => accept(socket),
    onRebound: () => log.warn({ path }, 'the socket file had disappeared and was bound again'),
    onFault: (error) => log.error({ err: error, path }, 'the endpoint has a fault'),
  });
  const { path } = claim;
  let workers: WorkerRoom;
  try {
    workers = await startWorkers({
      commands: moduleUrl(options.commands),
      service:
        typeof options.service === 'string' || options.service instanceof URL
          ? moduleUrl(options.service)
          : options.service,
      host: options.host,
      workerData: options.workerData,
      settings: options.workers,
      maxMessageSize: options.connections.maxMessageSize,
      log,
      clock: systemClock,
      onEvents: (runs, release) => broker.accept(runs, release),
    });
  } catch (error) {
    for (const socket of early) socket.destroy();
    broker.close();
    await claim.release();
    throw error;
  }
  const dispatcher = new Dispatcher<Writer>(workers.lanes, broker);
  workers.onRoom(dispatcher.room);
  const acceptor = new Acceptor<Writer>({
    limits: options.connections,
    clock: systemClock,
    dispatcher,
    subscriptions: broker,
    createWriter,
  });
  accept = (socket) => acceptor.accept(socket);
  for (const socket of early) {
    accept(socket);
    // A stream that was paused by hand does not flow for a listener alone.
    socket.resume();
  }
  log.info({ path }, 'daemon listening');
  return daemon({
    claim,
    acceptor,
    dispatcher,
    broker,
    workers,
    stallGrace: options.subscribers.stallGrace,
    log,
  });
}

interface Parts {
  readonly claim: Claim;
  readonly acceptor: Acceptor<Writer>;
  readonly dispatcher: Dispatcher<Writer>;
  readonly broker: Broker;
  readonly workers: WorkerRoom;
  readonly stallGrace: number;
  readonly log: Logger;
}

function daemon({ claim, acceptor, dispatcher, broker, workers, stallGrace, log }: Parts): Daemon {
  let closing: Promise<boolean> | undefined;
  const close = async (grace: number): Promise<boolean> => {
    log.info({ grace }, 'daemon stopping');
    const released = claim.release();
    workers.flush();
    const drained = acceptor.drain(stallGrace).then(() => true);
    const inTime = (await waitAtMost(drained, grace, () => false)) || acceptor.allSent;
    acceptor.destroy();
    workers.close();
    broker.close();
    await released;
    log.info({ inTime }, 'daemon stopped');
    return inTime;
  };
  return {
    socketPath: claim.path,
    publish: workers.publish,
    stats: () => ({
      connections: acceptor.stats(),
      commands: { ...dispatcher.counters },
      ...workers.stats(),
      events: broker.stats(),
    }),
    close({ grace = 5000 } = {}) {
      // What JavaScript takes for a number, such as '5' and null, is none.
      if (typeof grace !== 'number' || !(grace >= 0)) {
        const message = 'The grace of close() must be a number of milliseconds, 0 or more, or Infinity';
        return Promise.reject(new IpcError('OPTION_INVALID', message));
      }
      closing ??= close(grace);
      return closing;
    },
  };
}

function broadcasting({ subscribers, connections }: ResolvedOptions, log: Logger) {
  const { queueBytes, stallGrace, heartbeat, eventHold } = subscribers;
  const onFault = (err: unknown): void => log.error({ err }, 'an exception cost a subscriber its connection');
  const broker = new Broker({ clock: systemClock, stallGrace, heartbeat, onFault });
  const limits = {
    queueBytes,
    highWater: Math.ceil(queueBytes / 2),
    lowWater: Math.ceil(queueBytes / 8),
    writeHighWaterMark: connections.writeHighWaterMark,
    eventHold,
  };
  const createWriter: ConstructorParameters<typeof Acceptor<Writer>>[0]['createWriter'] = (socket, hooks) =>
    new Writer(new SocketSink(socket), limits, systemClock, hooks);
  return { broker, createWriter };
}

function moduleUrl(module: URL | string): string {
  if (module instanceof URL) return module.href;
  return /^[a-z][a-z\d+.-]+:/i.test(module) ? module : pathToFileURL(module).href;
}
