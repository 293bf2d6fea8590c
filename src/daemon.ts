// startDaemon: the one place where acceptor, workers and broker meet.
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { onAbort, unlessAborted } from './abort.js';
import { Acceptor } from './acceptor/acceptor.js';
import { Dispatcher } from './acceptor/dispatcher.js';
import type { CreateWriter } from './acceptor/ports.js';
import { Broker } from './broker/broker.js';
import { systemClock, waitingClock } from './clock.js';
import { type Tell, teller } from './telemetry/diagnostics.js';
import { claimEndpoint } from './endpoint/claim.js';
import { endpointAt, socketPathOf } from './endpoint/default-path.js';
import { lastingPath } from './endpoint/lasting-path.js';
import type { Claim } from './endpoint/ports.js';
import { everyStepInTurn } from './every-step.js';
import type { DaemonOptions } from './daemon-options.js';
import { type ResolvedOptions, resolveOptions } from './options.js';
import type { AcceptEvents, Lanes } from './ports.js';
import { IpcError } from './protocol/errors.js';
import { type Daemon, RunningDaemon } from './running-daemon.js';
import { unfailing } from './unfailing-log.js';
import { startWorkers, type Workers } from './workers/workers.js';
import { SocketSink } from './writer/sink.js';
import { Writer } from './writer/writer.js';

/**
 * Starts a daemon: claims the endpoint, binds it, then starts the workers. Clients that connect meanwhile are
 * answered when the workers are up. A start that fails, takes longer than `startTimeout` or is aborted by `signal` is
 * undone before it rejects. If undoing it takes more than a second, it rejects without waiting longer. Works on the
 * main thread and in a worker thread.
 *
 * @throws {IpcError} `OPTION_INVALID`, `ENDPOINT_*`, `START_TIMEOUT`, or `LANES_UNAVAILABLE` and `SERVICE_UNAVAILABLE`
 *   when a module cannot be loaded; or the signal's reason.
 */
export async function startDaemon(given: DaemonOptions): Promise<Daemon> {
  const options = resolveOptions(given);
  options.signal?.throwIfAborted();
  const limit = startLimit(options);
  try {
    return await start(options, limit.signal, given.connections?.max);
  } finally {
    limit.end();
  }
}

async function start(options: ResolvedOptions, signal: AbortSignal, wanted = 0): Promise<Daemon> {
  const log = unfailing(options.log ?? pino({ level: 'silent' }));
  const path = pathOf(options);
  const tell = teller(path, log);
  const { max } = options.connections;
  if (max < wanted) tell('connections.limited', { wanted, max });
  const { broker, dispatcher, acceptor, employ } = mainThread(options, tell);
  const undo = (...steps: (() => unknown)[]): Promise<void> =>
    everyStepInTurn((err) => tell('daemon.undo-failed', { err }), ...steps);
  let claim: Claim | undefined;
  try {
    claim = await unlessAborted(signal, claimed(path, tell, acceptor), (late) => undo(() => late.release()));
    const starting = startWorkers({
      ...workersSettings(options),
      daemon: path,
      log,
      tell,
      clock: systemClock,
      onEvents: (...turn: Parameters<AcceptEvents>) => broker.accept(...turn),
      signal,
    });
    const workers = await unlessAborted(signal, starting, (late) => late.close());
    employ(workers);
    tell('daemon.listening', {});
    return new RunningDaemon({ claim, acceptor, dispatcher, broker, workers, options, tell });
  } catch (error) {
    await undo(
      () => acceptor.destroy(),
      () => broker.close(),
      () => claim?.release(),
    );
    throw error;
  }
}

/** Aborts with the embedder's signal, or when the start takes too long; later it does nothing. */
function startLimit({ signal, startTimeout }: ResolvedOptions): { signal: AbortSignal; end: () => void } {
  const limit = new AbortController();
  const forget = onAbort(signal, () => limit.abort(signal?.reason));
  const late = (): void =>
    limit.abort(
      new IpcError('START_TIMEOUT', `The daemon did not start within ${startTimeout} ms (startTimeout)`),
    );
  const cancel = startTimeout > 0 ? waitingClock.after(startTimeout, late) : () => undefined;
  return {
    signal: limit.signal,
    end() {
      forget();
      cancel();
    },
  };
}

/** The parts on the main thread. Until `employ` is called no lane is free, and commands wait in their pipelines. */
function mainThread(options: ResolvedOptions, tell: Tell) {
  const { stallGrace, heartbeat } = options.subscribers;
  const onFault = (err: unknown): void => tell('subscriber.fault', { err });
  const broker = new Broker({ clock: systemClock, stallGrace, heartbeat, onFault });
  let workers: Workers | undefined;
  const lanes: Lanes = {
    pick: () => workers?.lanes.pick(),
    of: (payload) => workers?.lanes.of?.(payload) ?? lanes,
    get down() {
      return workers?.lanes.down;
    },
  };
  const dispatcher = new Dispatcher<Writer>(lanes, broker, tell);
  const acceptor = new Acceptor<Writer>({
    limits: options.connections,
    clock: systemClock,
    dispatcher,
    createWriter: writers(options),
    tell,
    onFault: (err, connectionId) => tell('connection.fault', { err, connectionId }),
  });
  const employ = (started: Workers): void => {
    workers = started;
    workers.onCapacity(dispatcher.capacityFreed);
    dispatcher.capacityFreed();
  };
  return { broker, dispatcher, acceptor, employ };
}

/** Where it listens: the absolute path, or the pipe's name. */
function pathOf({ name, socketPath }: ResolvedOptions): string {
  return lastingPath(name === undefined ? endpointAt(socketPath) : socketPathOf(name));
}

function claimed(path: string, tell: Tell, acceptor: Acceptor<Writer>): Promise<Claim> {
  return claimEndpoint(path, {
    onConnection: (socket) => acceptor.accept(socket),
    onRebound: () => tell('endpoint.rebound', {}),
    onFault: (err) => tell('endpoint.fault', { err }),
  });
}

function workersSettings(options: ResolvedOptions) {
  const { commands, service, host, workerData, workers, connections, measureLoops } = options;
  return {
    commands: moduleUrl(commands),
    service: typeof service === 'string' || service instanceof URL ? moduleUrl(service) : service,
    host,
    workerData,
    settings: workers,
    measureLoops,
    maxMessageSize: connections.maxMessageSize,
  };
}

function writers({ subscribers, connections }: ResolvedOptions): CreateWriter<Writer> {
  const { queueBytes, eventHold, whenFull } = subscribers;
  const limits = {
    queueBytes,
    whenFull,
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
