// What runs in a worker thread: one long task, a lane or a service, that ends when its call port closes.
import { once } from 'node:events';
import { expose } from '../link/closed-port.js';
import { Outbox } from '../link/outbox.js';
import { Publisher } from '../run/publisher.js';
import { SharedState } from '../link/claims.js';
import { threadLogger } from '../link/log.js';
import type { LaneStart, ServiceStart, Thread } from '../link/messages.js';

/** The task: resolves when main closes the call port. */
export default async function run(start: LaneStart | ServiceStart): Promise<void> {
  const shared = new SharedState(start.memory);
  const outbox = new Outbox(start.out, shared);
  const publisher = new Publisher({
    send: (event) => outbox.event(event),
    maxMessageSize: start.maxMessageSize,
  });
  const log = threadLogger(start.log, start.name, (line) => outbox.log(line));
  const setup = { workerData: start.workerData, publish: publisher.publish, log };
  const functions = await setUp(start, { shared, outbox, setup });
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
}

/** Loads what its role needs alone: a service has no use for the schemas of commands, which take memory and time. */
async function setUp(start: LaneStart | ServiceStart, thread: Thread) {
  if (start.role === 'lane') return (await import('./lane.js')).setUp(start, thread);
  return (await import('./service.js')).setUp(start, thread);
}
