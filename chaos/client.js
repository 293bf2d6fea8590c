// A client in a process of its own: it subscribes, and pipelines requests without end, until it is killed.
import { setTimeout as delay } from 'node:timers/promises';
import { LIST, open, SUBSCRIBE } from './sockets.js';

const socket = await open(process.argv[2]);
socket.on('data', () => undefined).on('close', () => process.exit());
process.stdin.on('end', () => process.exit()).resume();
socket.write(SUBSCRIBE);
console.log('ready');
for (;;) {
  socket.write(Buffer.concat(Array.from({ length: 20 }, () => LIST)));
  await delay(5);
}
