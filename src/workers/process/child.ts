// A child process that runs one lane. Its ports are names on its channel to the daemon; it ends with the daemon.
import { Worker } from 'node:worker_threads';
import { RecordedState } from '../link/claim-records.js';
import { expose } from '../link/closed-port.js';
import { Channel, type Port } from '../link/port.js';
import { CHILD_FD, PORT, type ProcessTask, type ServiceName } from '../link/process-messages.js';
import { RefusedEvents } from '../run/refused-events.js';
import { runIn } from '../thread/run.js';

// The daemon alone decides when a lane ends: a terminal and an init send these to every process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// In a thread of its own, since a handler may spin.
new Worker(new URL('./lifeline.js', import.meta.url), { workerData: CHILD_FD.lifeline }).unref();

// Errors of the channel mean that the daemon is gone, which the lifeline sees.
const channel = new Channel((message) => process.send?.(message, undefined, undefined, () => undefined));
process.on('message', (message) => channel.receive(message));

/** The name of a service's port, or the reason why there is none, comes from main. */
const openService = (service: unknown): Port | string =>
  typeof service === 'string' ? service : channel.open((service as Exclude<ServiceName, string>).port);

expose(new Map([['run', runLane]]), channel.open(PORT.control));

/** Resolves when main closes the port of calls. */
function runLane(task: ProcessTask): Promise<void> {
  const [calls, out] = [channel.open(PORT.calls), channel.open(PORT.out)];
  return runIn(
    { ...task, role: 'lane', calls, out },
    {
      shared: new RecordedState(CHILD_FD.claims),
      refused: (tell) => new RefusedEvents(undefined, tell),
      openService,
    },
  );
}
