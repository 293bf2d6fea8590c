// Clients that are gone while answers and events for them are under way.
import { setTimeout as delay } from 'node:timers/promises';
import { LIST, open, SUBSCRIBE } from '../sockets.js';

export const what = '20 subscribers that send 100 requests and reset the connection, their answers unread';

export async function run(scene) {
  const library = await scene.library({ publishing: true });
  await scene.witness(library);
  await scene.repeat(async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open(library.path)));
    for (const socket of sockets) {
      socket?.pause();
      socket?.write(
        Buffer.concat([SUBSCRIBE, ...Array.from({ length: 100 }, () => LIST), LIST.subarray(0, 6)]),
      );
    }
    // Bytes that were not read when a socket is closed reset the connection.
    await delay(scene.tried % 20);
    for (const socket of sockets) socket?.destroy();
  });
}
