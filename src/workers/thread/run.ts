// A worker thread: one long task, a lane or a service, that ends when its call port closes.
import { once } from 'node:events';
import { SharedState } from '../link/claims.js';
import { expose } from '../link/closed-port.js';
import type { LaneStart, ServiceStart } from '../link/messages.js';
import { Outbox } from '../link/outbox.js';
import { Publisher } from '../run/publisher.js';
import { RefusedEvents } from '../run/refused-events.js';
import { threadLogger } from './logger.js';
import { redirectOutput } from './output.js';
import type { Thread } from './thread.js';

/** The task; resolves when main closes the call port. */
export async function run(start: LaneStart | ServiceStart): Promise<void> {
  redirectOutput();
  const shared = new SharedState(start.memory);
  const outbox = new Outbox(start.out, shared);
  const log = threadLogger(start.log, start.name, (line) => outbox.log(line));
  const publisher = new Publisher({
    send: (event) => outbox.event(event),
    onRefused: new RefusedEvents(start.refused).listener(log),
    maxMessageSize: start.maxMessageSize,
  });
  const calls: Thread['calls'] = new Map<string, (...args: never[]) => unknown>([
    ['beat', () => shared.beat()],
    ['released', (bytes: number) => publisher.release(bytes)],
    ['taken', () => outbox.flush()],
  ]);
  expose(calls, start.calls);
  const setup = { workerData: start.workerData, publish: publisher.publish, log };
  await setUp(start, { shared, outbox, calls, setup });
  outbox.ready();
  await once(start.calls, 'close');
}

/** Loads only the code of its role: a service does not need the schemas of commands, which take memory and time. */
async function setUp(start: LaneStart | ServiceStart, thread: Thread): Promise<void> {
  if (start.role === 'lane') return (await import('./lane.js')).setUp(start, thread);
  return (await import('./service.js')).setUp(start, thread);
}
