// Clients that send a byte now and then, and never a whole frame.
import { setTimeout as delay } from 'node:timers/promises';
import { frame, framesOf, open } from '../sockets.js';

export const what = '20 clients that send a frame byte by byte and too slowly';

const CLIENTS = 20;
const FRAME_TIMEOUT = 400;

export async function run(scene) {
  const library = await scene.library({ connections: { frameTimeout: FRAME_TIMEOUT } });
  await scene.witness(library);
  const bytes = frame({ Status: { name: 'x'.repeat(1000) } });
  await scene.repeat(async () => {
    const ends = await Promise.all(Array.from({ length: CLIENTS }, () => drip(library.path, bytes)));
    for (const codes of ends)
      scene.expect(codes.join() === 'FRAME_TIMEOUT', `a slow client got ${codes.join() || 'nothing'}`);
  });
}

/** The codes of the errors that the client gets. */
async function drip(path, bytes) {
  const socket = await open(path);
  if (!socket) return ['no connection'];
  const came = framesOf(socket);
  for (let sent = 0; sent < bytes.length && !socket.destroyed && socket.readable; sent += 1) {
    socket.write(bytes.subarray(sent, sent + 1));
    await delay(20);
  }
  const frames = await came;
  socket.destroy();
  return frames.map(({ Error: error }) => error?.code ?? 'an answer');
}
