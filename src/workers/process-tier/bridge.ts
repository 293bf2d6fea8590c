// Joins a process's port with a port of the service: what comes from one goes to the other, as it is.
import type { MessagePort } from 'node:worker_threads';
import { errorToData, IpcError } from '../../protocol/errors.js';
import type { Port } from '../link/port.js';

/** Joins the two until either is closed. */
export function bridge(ofProcess: Port, ofService: MessagePort): void {
  ofProcess.on('message', (message: unknown) => ofService.postMessage(message));
  ofService.on('message', (message: unknown) => {
    try {
      ofProcess.postMessage(message);
    } catch (error) {
      // Between threads more can travel than between processes, such as shared memory. The caller is told.
      const { id } = message as { id?: unknown };
      const why = new IpcError(
        'SERVICE_UNAVAILABLE',
        `The service answered with a value that cannot travel to a process: ${errorToData(error).message}`,
      );
      ofProcess.postMessage({ id, type: 'RAW', value: { error: errorToData(why) } });
    }
  });
  ofProcess.once('close', () => ofService.close());
  ofService.once('close', () => ofProcess.close());
}
