// A service, or the host of a service, that is an object on the main thread. Its functions are for short calls only.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expose, type FunctionTable } from '../link/closed-port.js';
import { functionTable } from '../link/function-table.js';
import type { ServiceHost } from './service-host.js';

export class ObjectService implements ServiceHost {
  readonly gone = Promise.resolve();
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
