// Hundreds of clients at once, again and again.
import { framesOf, LIST, open } from '../sockets.js';

export const what = '300 clients at once; every third one leaves in the middle of a frame';

const CLIENTS = 300;

export async function run(scene) {
  const library = await scene.library();
  await scene.witness(library);
  await scene.repeat(async () => {
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        const socket = await open(library.path);
        if (!socket) return;
        if (index % 3 === 0) return void socket.end(LIST.subarray(0, 5), () => socket.destroy());
        const came = framesOf(socket, 2);
        socket.write(Buffer.concat([LIST, LIST]));
        const frames = await came;
        scene.expect(
          frames.length === 2 && frames.every(({ Data }) => Data),
          `a client of the storm got ${JSON.stringify(frames).slice(0, 200)}`,
        );
        socket.destroy();
      }),
    );
  });
}
