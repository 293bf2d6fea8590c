// A service in its thread: the embedder's functions, behind a port for each lane.
import type { MessagePort } from 'node:worker_threads';
import { expose } from '../link/closed-port.js';
import { functionTable } from '../link/function-table.js';
import { loadDefinition } from '../run/load.js';
import { ServiceClient } from '../run/service-client.js';
import type { ServiceStart, SetUp } from '../link/messages.js';

export const setUp: SetUp<ServiceStart> = async ({ module, host: port }, { setup }) => {
  const host = new ServiceClient('startDaemon was given no host');
  if (port) host.attach(port);
  const service = await loadDefinition(module, 'bunctl-ipc.service');
  const table = functionTable(await service.setUp({ ...setup, host: host.calls() }));
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
};
