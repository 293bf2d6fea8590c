// A lane in its thread: the embedder's handlers, run by an executor.
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../clock.js';
import { type Batch, unpackBatch } from '../link/batch.js';
import { Executor } from '../run/executor.js';
import { loadDefinition } from '../run/load.js';
import { ServiceClient } from '../run/service-client.js';
import type { LaneStart, SetUp } from '../link/messages.js';

export const setUp: SetUp<LaneStart> = async (
  { module, service: port, commandTimeout, maxMessageSize },
  { shared, outbox, setup },
) => {
  const commands = await loadDefinition(module, 'bunctl-ipc.commands');
  const service = new ServiceClient();
  if (port) service.attach(port);
  const handlers = await commands.setUp({ ...setup, service: service.calls() });
  const executor = new Executor({
    handlers,
    shared: { publish: setup.publish, log: setup.log, serviceFor: (signal) => service.calls(signal) },
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
};
