// A worker: one long task, a lane or a service, that ends when its call port closes. It runs in a thread or a process.
import { type Tell, teller } from '../../telemetry/diagnostics.js';
import { SharedState } from '../link/claims.js';
import { expose } from '../link/closed-port.js';
import type { LaneStart, ServiceStart } from '../link/messages.js';
import { Outbox } from '../link/outbox.js';
import type { Port } from '../link/port.js';
import { Publisher } from '../run/publisher.js';
import { RefusedEvents } from '../run/refused-events.js';
import { ServiceClient } from '../run/service-client.js';
import { threadLogger } from './logger.js';
import { redirectOutput } from './output.js';
import type { Thread } from './thread.js';

/** The things that depend on where a worker runs. */
export interface Place {
  readonly shared: SharedState;
  /** Counts the events that `publish()` refuses; `tell` tells main how many more there are. */
  readonly refused: (tell: (count: number) => void) => RefusedEvents;
  /** Makes a port of a link to the service, as it comes from main. */
  readonly openService: (link: unknown) => Port | string;
}

/** A task without the memory that threads share with main. */
export type WorkerTask = Omit<LaneStart, 'memory' | 'refused'> | Omit<ServiceStart, 'memory' | 'refused'>;

/** Runs the task of a thread; resolves when main closes the call port. */
export function run(start: LaneStart | ServiceStart): Promise<void> {
  return runIn(start, {
    shared: new SharedState(start.memory),
    refused: (tell) => new RefusedEvents(start.refused, tell),
    openService: (link) => link as Port | string,
  });
}

/** Runs a task; resolves when main closes the call port. */
export async function runIn(start: WorkerTask, { shared, refused, openService }: Place): Promise<void> {
  redirectOutput();
  const outbox = new Outbox(start.out, shared);
  const log = threadLogger(start.log, start.name, (line) => outbox.log(line));
  const tell: Tell = teller(start.daemon, log);
  const publisher = new Publisher({
    send: (event) => outbox.event(event),
    onRefused: refused((count) => outbox.refused(count)).listener(tell),
    maxMessageSize: start.maxMessageSize,
  });
  const calls: Thread['calls'] = new Map<string, (...args: never[]) => unknown>([
    ['beat', () => shared.beat()],
    ['released', (bytes: number) => publisher.release(bytes)],
    ['taken', () => outbox.flush()],
    [
      'tookIn',
      (bytes: number, logCharacters: number) => {
        if (shared.taken(bytes, logCharacters)) calls.get('taken')?.();
      },
    ],
  ]);
  const service = new ServiceClient();
  const connected = new Promise<void>((resolve) =>
    calls.set('service', (link: unknown) => {
      service.connect(openService(link));
      resolve();
    }),
  );
  // From here on main's calls are taken, also those that come while the embedder's module is loaded.
  expose(calls, start.calls);
  const setup = { workerData: start.workerData, publish: publisher.publish, log };
  await setUp(start, { shared, outbox, calls, setup, tell, service, connected });
  outbox.ready();
  await new Promise<void>((resolve) => start.calls.once('close', resolve));
}

/** Loads only the code of its role: a service does not need the schemas of commands, which take memory and time. */
async function setUp(start: WorkerTask, thread: Thread): Promise<void> {
  if (start.role === 'lane') return (await import('./lane.js')).setUp(start, thread);
  return (await import('./service.js')).setUp(start, thread);
}
