// More clients than a daemon has descriptors for: those that are there are served, and when some leave, others are.
import { setTimeout as delay } from 'node:timers/promises';
import { framesOf, LIST, open } from './sockets.js';
import { until } from './system.js';

const CLIENTS = 300;

/** The crowd comes, stays for a moment, and leaves; then a new client must be served. */
export async function crowd(scene, path) {
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => open(path)));
  for (const socket of sockets) socket?.resume().write(LIST);
  await delay(300);
  for (const socket of sockets) socket?.destroy();
  scene.expect(await until(() => isServed(path)), 'a new client is not served after the others have left');
}

async function isServed(path) {
  const socket = await open(path);
  if (!socket) return false;
  const came = framesOf(socket, 1, 2000);
  socket.write(LIST);
  const frames = await came;
  socket.destroy();
  return frames.length === 1 && frames[0].Data !== undefined;
}
