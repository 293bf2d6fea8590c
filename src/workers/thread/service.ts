// A service in its thread: the embedder's functions, behind a port for each lane.
import type { MessagePort } from 'node:worker_threads';
import { expose } from '../link/closed-port.js';
import { functionTable } from '../link/function-table.js';
import type { ServiceStart } from '../link/messages.js';
import { loadDefinition, setUpDefinition } from '../run/load.js';
import { ServiceClient } from '../run/service-client.js';
import type { Thread } from './thread.js';

/** Loads the embedder's module and sets the service up. */
export async function setUp(
  { module, host: link }: Omit<ServiceStart, 'memory' | 'refused'>,
  { calls, setup }: Thread,
): Promise<void> {
  const host = new ServiceClient();
  host.connect(link);
  const service = await loadDefinition(module, 'bunctl-ipc.service');
  const functions = await setUpDefinition(module, service, { ...setup, host: host.calls() });
  const table = functionTable(functions);
  // The ports are held, or they would be collected with calls under way.
  const ports = new Set<MessagePort>();
  calls.set('connect', (port: MessagePort) => {
    ports.add(port);
    port.once('close', () => ports.delete(port));
    expose(table, port);
  });
}
