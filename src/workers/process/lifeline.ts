// A thread that ends its process when the daemon is gone, even while the process's main thread spins.
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

new Socket({ fd: workerData as number, readable: true, writable: false })
  .on('end', end)
  .on('close', end)
  .on('error', end)
  .resume();
