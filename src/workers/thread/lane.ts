// A lane in its thread: the embedder's handlers, run by an executor.
import { systemClock } from '../../clock.js';
import { type BatchMessage, batchOf, unpackBatch } from '../link/batch.js';
import { LoopMonitor } from '../../telemetry/loop-delay.js';
import type { LaneStart } from '../link/messages.js';
import type { Outbox } from '../link/outbox.js';
import type { Port } from '../link/port.js';
import { Executor } from '../run/executor.js';
import { loadDefinition, setUpDefinition } from '../run/load.js';
import type { Thread } from './thread.js';

/** How often, in ms, main is told of the delay of the loop. */
const REPORT_EVERY = 1000;

/** Loads the embedder's module and sets the lane up. */
export async function setUp(
  {
    module,
    commandTimeout,
    maxMessageSize,
    elsewhere,
    measureLoops,
    calls: port,
  }: Omit<LaneStart, 'memory' | 'refused'>,
  { shared, outbox, calls, setup, tell, service, connected }: Thread,
): Promise<void> {
  const commands = await loadDefinition(module, 'bunctl-ipc.commands');
  // The set-up may call it.
  await connected;
  const handlers = await setUpDefinition(module, commands, { ...setup, service: service.calls() });
  const executor = new Executor({
    handlers,
    elsewhere: elsewhere.length > 0 ? new Set(elsewhere) : undefined,
    shared: { publish: setup.publish, log: setup.log, serviceFor: (signal) => service.calls(signal) },
    commandTimeout,
    maxMessageSize,
    clock: systemClock,
    tell,
    soon: setImmediate,
    claim: (slot, sequence) => shared.claim(slot, sequence),
    answer: (...answer) => outbox.answers.add(...answer),
    flush: outbox.flush,
  });
  port.on('message', (message: BatchMessage) => {
    const batch = batchOf(message);
    if (!batch) return;
    shared.beat();
    executor.take(unpackBatch(batch));
    if (shared.tookBatch()) outbox.tookBatch();
  });
  if (measureLoops) report(new LoopMonitor(), outbox, port);
  calls.set('taken', () => {
    outbox.flush();
    executor.resume();
  });
}

/** Tells main once a second how late the loop is, until the lane ends. */
function report(monitor: LoopMonitor, outbox: Outbox, port: Port): void {
  const timer = setInterval(() => outbox.loopDelay(monitor.delay()), REPORT_EVERY);
  port.once('close', () => {
    clearInterval(timer);
    monitor.stop();
  });
}
