// What runs in a worker thread: one long task, a lane or a service, that ends when its call port closes.
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../clock.js';
import { type Batch, unpackBatch } from './batch.js';
import { expose, type FunctionTable } from './closed-endpoint.js';
import { Executor } from './executor.js';
import { functionTable } from './function-table.js';
import { loadDefinition } from './load.js';
import { Outbox } from './outbox.js';
import { Publisher } from './publisher.js';
import { ServiceClient } from './service-client.js';
import { SharedState } from './shared.js';
import { type LogSettings, threadLogger } from './thread-log.js';

/** What every thread is started with. */
interface ThreadStart {
  readonly name: string;
  /** URL of the embedder's module. */
  readonly module: string;
  readonly workerData: unknown;
  /** Comlink calls from main. */
  readonly calls: MessagePort;
  /** One-way messages to main. */
  readonly out: MessagePort;
  readonly memory: SharedArrayBuffer;
  readonly log: LogSettings;
  readonly maxMessageSize: number;
}

export interface LaneStart extends ThreadStart {
  readonly role: 'lane';
  readonly service: MessagePort | undefined;
  readonly commandTimeout: number;
}

export interface ServiceStart extends ThreadStart {
  readonly role: 'service';
  /** Calls to the host's functions on main. */
  readonly host: MessagePort | undefined;
}

/** The task: resolves when main closes the call port. */
export default async function run(start: LaneStart | ServiceStart): Promise<void> {
  const shared = new SharedState(start.memory);
  const outbox = new Outbox(start.out, shared);
  const log = threadLogger(start.log, start.name, (line) => outbox.log(line));
  const publisher = new Publisher({
    send: (event) => outbox.event(event),
    maxMessageSize: start.maxMessageSize,
  });
  const base = { workerData: start.workerData, publish: publisher.publish, log };
  const functions = start.role === 'lane' ? await setUpLane(start) : await setUpService(start);
  // Ready once the functions are exposed: a call sent before could be lost.
  expose(
    new Map([
      ...functions,
      ['beat', () => shared.beat()],
      ['released', (bytes: number) => publisher.release(bytes)],
    ]),
    start.calls,
  );
  outbox.ready();
  await once(start.calls, 'close');

  async function setUpLane({
    service: port,
    commandTimeout,
    maxMessageSize,
  }: LaneStart): Promise<FunctionTable> {
    const commands = await loadDefinition(start.module, 'bunctl-ipc.commands');
    const service = new ServiceClient();
    if (port) service.attach(port);
    const handlers = await commands.setUp({ ...base, service: service.calls() });
    const executor = new Executor({
      handlers,
      shared: { publish: publisher.publish, log, serviceFor: (signal) => service.calls(signal) },
      commandTimeout,
      maxMessageSize,
      clock: systemClock,
      soon: setImmediate,
      claim: (slot, sequence) => shared.claim(slot, sequence),
      answer: (...answer) => outbox.answers.add(...answer),
      flush: outbox.flush,
    });
    return new Map<string, (...args: never[]) => unknown>([
      [
        'take',
        (buffer: ArrayBuffer, large: SharedArrayBuffer[]) => {
          shared.beat();
          executor.take(unpackBatch({ buffer, large } satisfies Batch));
        },
      ],
      ['taken', () => executor.resume()],
      ['service', (next: MessagePort) => service.attach(next)],
      ['serviceLost', (why: string) => service.detach(why)],
    ]);
  }

  async function setUpService({ host: port }: ServiceStart): Promise<FunctionTable> {
    const host = new ServiceClient('startDaemon was given no host');
    if (port) host.attach(port);
    const service = await loadDefinition(start.module, 'bunctl-ipc.service');
    const table = functionTable(await service.setUp({ ...base, host: host.calls() }));
    // Ports to it are held, or they would be collected with calls under way.
    const ports = new Set<MessagePort>();
    return new Map<string, (...args: never[]) => unknown>([
      [
        'connect',
        (port: MessagePort) => {
          ports.add(port);
          port.once('close', () => ports.delete(port));
          expose(table, port);
        },
      ],
    ]);
  }
}
