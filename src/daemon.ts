// startDaemon: the one place where acceptor, workers and broker meet.
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { Acceptor } from './acceptor/acceptor.js';
import { Dispatcher } from './acceptor/dispatcher.js';
import type { CreateWriter } from './acceptor/ports.js';
import { Broker } from './broker/broker.js';
import { systemClock } from './clock.js';
import { claimEndpoint } from './endpoint/claim.js';
import { defaultSocketPath } from './endpoint/default-path.js';
import { everyStepInTurn } from './every-step.js';
import { type DaemonOptions, type ResolvedOptions, resolveOptions } from './options.js';
import type { AcceptEvents, Lanes } from './ports.js';
import { endpointOf } from './protocol/endpoints.js';
import { type Daemon, RunningDaemon } from './running-daemon.js';
import { startWorkers, type Workers } from './workers/workers.js';
import { SocketSink } from './writer/sink.js';
import { Writer } from './writer/writer.js';

/**
 * Starts a daemon: claims the endpoint, binds it, then starts the workers. Clients that connect meanwhile are
 * answered when the workers are up. When the start fails, everything that was begun is undone.
 *
 * @throws {IpcError} `OPTION_INVALID`, `ENDPOINT_*`, or `LANES_UNAVAILABLE` and `SERVICE_UNAVAILABLE` when a
 *   module cannot be loaded.
 */
export async function startDaemon(given: DaemonOptions): Promise<Daemon> {
  const options = resolveOptions(given);
  const log = options.log ?? pino({ level: 'silent' });
  const { stallGrace, heartbeat } = options.subscribers;
  const onFault = (err: unknown): void => log.error({ err }, 'an exception cost a subscriber its connection');
  const broker = new Broker({ clock: systemClock, stallGrace, heartbeat, onFault });
  let workers: Workers | undefined;
  // Until the workers are up no lane is free, and commands wait in their pipelines.
  const lanes: Lanes = {
    pick: () => workers?.lanes.pick(),
    get down() {
      return workers?.lanes.down;
    },
  };
  const dispatcher = new Dispatcher<Writer>(lanes, broker);
  const acceptor = new Acceptor<Writer>({
    limits: options.connections,
    clock: systemClock,
    dispatcher,
    createWriter: writers(options),
    onFault: (err, connectionId) =>
      log.error({ err, connectionId }, 'the daemon failed and had to end a connection'),
  });
  const endpoint = endpointOf(options.socketPath ?? defaultSocketPath(), process.platform);
  const claim = await claimEndpoint(endpoint, {
    onConnection: (socket) => acceptor.accept(socket),
    onRebound: () => log.warn({ path: endpoint }, 'the socket file had disappeared and was bound again'),
    onFault: (err) => log.error({ err, path: endpoint }, 'the endpoint has a fault'),
  });
  try {
    workers = await startWorkers({
      ...workersSettings(options),
      log,
      clock: systemClock,
      onEvents: (...turn: Parameters<AcceptEvents>) => broker.accept(...turn),
    });
  } catch (error) {
    await everyStepInTurn(
      (err) => log.error({ err, path: claim.path }, 'a step of undoing the start failed'),
      () => acceptor.destroy(),
      () => broker.close(),
      () => claim.release(),
    );
    throw error;
  }
  workers.onCapacity(dispatcher.capacityFreed);
  dispatcher.capacityFreed();
  log.info({ path: claim.path }, 'daemon listening');
  return new RunningDaemon({ claim, acceptor, dispatcher, broker, workers, stallGrace, log });
}

function workersSettings(options: ResolvedOptions) {
  const { commands, service, host, workerData, workers, connections } = options;
  return {
    commands: moduleUrl(commands),
    service: typeof service === 'string' || service instanceof URL ? moduleUrl(service) : service,
    host,
    workerData,
    settings: workers,
    maxMessageSize: connections.maxMessageSize,
  };
}

function writers({ subscribers, connections }: ResolvedOptions): CreateWriter<Writer> {
  const { queueBytes, eventHold } = subscribers;
  const limits = {
    queueBytes,
    highWater: Math.ceil(queueBytes / 2),
    lowWater: Math.ceil(queueBytes / 8),
    writeHighWaterMark: connections.writeHighWaterMark,
    eventHold,
  };
  return (socket, hooks) => new Writer(new SocketSink(socket), limits, systemClock, hooks);
}

function moduleUrl(module: URL | string): string {
  if (module instanceof URL) return module.href;
  return /^[a-z][a-z\d+.-]+:/i.test(module) ? module : pathToFileURL(module).href;
}
