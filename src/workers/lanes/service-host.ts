// The service from main's side: a module in a thread of its own, replaced when it dies, or an object on main.
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
} from 'node:worker_threads';
import type { Clock } from '../../clock.js';
import type { AcceptEvents } from '../../ports.js';
import { IpcError } from '../../protocol/errors.js';
import { expose, type FunctionTable, type Remote, remote } from '../link/closed-port.js';
import { CreditBack } from './credit-back.js';
import { unpackEvents } from '../link/event-packer.js';
import { functionTable } from '../link/function-table.js';
import { Intensity } from './intensity.js';
import { messageBytes, type OutboxMessage } from '../link/outbox.js';
import { SharedState } from '../link/claims.js';
import type { ServiceStart } from '../link/messages.js';
import { Watchdog } from './watchdog.js';
import { WorkerThread } from './worker-thread.js';

/** How lanes come by the service, whatever it is. */
export interface ServiceHost {
  /** A port for one more lane; undefined while there is no service. */
  connect(): MessagePort | undefined;
  close(): void;
}

/** An object's functions, on main: short calls only. */
export class ObjectService implements ServiceHost {
  readonly #table: FunctionTable;
  readonly #ports = new Set<MessagePort>();

  constructor(service: object) {
    this.#table = functionTable(service);
  }

  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#ports.add(port1);
    port1.once('close', () => this.#ports.delete(port1));
    expose(this.#table, port1);
    return port2;
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}

/** Milliseconds between looks whether a service's loop turns. Who calls it is not seen on main, so it is always asked. */
const LOOK_EVERY = 500;

export interface ServiceSettings {
  readonly start: Pick<ServiceStart, 'module' | 'workerData' | 'log' | 'maxMessageSize'>;
  readonly resourceLimits: ResourceLimits;
  readonly startTimeout: number;
  /** A service whose loop has not turned for so long, in ms, is killed and replaced. */
  readonly unresponsiveAfter: number;
  readonly clock: Clock;
  /** An object whose functions, on main, the service may call. */
  readonly host: object | undefined;
}

export interface ServiceHooks {
  /** There is a service (again): lanes connect. */
  onUp(): void;
  /** There is none; `why` is told to callers. */
  onDown(why: string, error: Error | undefined): void;
  onEvents: AcceptEvents;
  onLog(line: string): void;
}

/** A module's service in a thread. */
export class ThreadService implements ServiceHost {
  readonly #settings: ServiceSettings;
  readonly #hooks: ServiceHooks;
  readonly #intensity = new Intensity(5, 10_000);
  readonly #host: ObjectService | undefined;
  #thread: WorkerThread | undefined;
  #remote: Remote | undefined;
  #calls: MessagePort | undefined;
  #closed = false;
  #cancelRestart: (() => void) | undefined;

  constructor(settings: ServiceSettings, hooks: ServiceHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
    this.#host = settings.host && new ObjectService(settings.host);
  }

  /** Starts it; rejects when its module cannot be loaded or is not ready in time. */
  start(): Promise<void> {
    const calls = new MessageChannel();
    const out = new MessageChannel();
    const shared = new SharedState();
    const host = this.#host?.connect();
    const task: ServiceStart = {
      ...this.#settings.start,
      role: 'service',
      name: 'service',
      calls: calls.port2,
      out: out.port2,
      host,
      memory: shared.memory as SharedArrayBuffer,
    };
    const thread = new WorkerThread(
      task,
      [calls.port2, out.port2, ...(host ? [host] : [])],
      this.#settings.resourceLimits,
    );
    const service = remote(calls.port1);
    const call = (name: string, args: unknown[]): void =>
      void service.call(name, args).catch(() => thread.kill());
    const credit = new CreditBack((bytes) => call('released', [bytes]));
    this.#thread = thread;
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.#settings.clock.after(this.#settings.startTimeout, () => thread.kill());
      let cancelWatch = (): void => undefined;
      const receive = (message: OutboxMessage): void => {
        if (message.ready) {
          cancelTimeout();
          this.#remote = service;
          this.#calls = calls.port1;
          cancelWatch = this.#watch(shared, {
            ask: () => call('beat', []),
            kill: () => thread.kill(),
          });
          resolve();
          this.#hooks.onUp();
        }
        if (message.events) this.#hooks.onEvents(unpackEvents(message.events), credit.add);
        for (const line of message.logs ?? []) this.#hooks.onLog(line);
        shared.taken(messageBytes(message));
      };
      out.port1.on('message', receive);
      void thread.ended.then((error) => {
        cancelTimeout();
        cancelWatch();
        for (let left = receiveMessageOnPort(out.port1); left; left = receiveMessageOnPort(out.port1)) {
          receive(left.message as OutboxMessage);
        }
        calls.port1.close();
        out.port1.close();
        const wasUp = this.#remote === service;
        if (wasUp) this.#remote = this.#calls = undefined;
        reject(
          new IpcError('SERVICE_UNAVAILABLE', `The service did not start: ${error?.message ?? 'it ended'}`, {
            cause: error,
          }),
        );
        if (!this.#closed && wasUp) this.#replace(error);
      });
    });
  }

  #watch(shared: SharedState, service: { ask(): void; kill(): void }): () => void {
    const { clock, unresponsiveAfter } = this.#settings;
    const watchdog = new Watchdog(unresponsiveAfter, () => shared.beats);
    let cancel = (): void => undefined;
    const look = (lookedAt: number): void => {
      cancel = clock.after(LOOK_EVERY, () => {
        // A look that comes late says that main was late.
        const verdict = watchdog.look(Math.min(clock.now() - lookedAt, 2 * LOOK_EVERY), true);
        if (verdict === 'ask') service.ask();
        if (verdict === 'dead') service.kill();
        else look(clock.now());
      });
    };
    look(clock.now());
    return () => cancel();
  }

  #replace(error: Error | undefined): void {
    this.#hooks.onDown('its thread died and is being replaced', error);
    const delay = this.#intensity.restart(this.#settings.clock.now());
    this.#cancelRestart = this.#settings.clock.after(delay, () => {
      if (this.#closed) return;
      this.start().catch((cause: unknown) => this.#replace(cause as Error));
    });
  }

  connect(): MessagePort | undefined {
    if (!this.#remote) return undefined;
    const { port1, port2 } = new MessageChannel();
    this.#remote.call('connect', [port1], [port1]).catch(() => this.#thread?.kill());
    return port2;
  }

  close(): void {
    this.#closed = true;
    this.#cancelRestart?.();
    this.#calls?.close();
    this.#host?.close();
    this.#thread?.kill();
  }
}
