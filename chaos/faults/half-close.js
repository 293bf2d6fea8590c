// Clients that send, close their half, and read later: they get every answer, and then the end.
import { framesOf, LIST, open } from '../sockets.js';

export const what = '10 clients that send 50 requests and a part of one, close their half, and read';

export async function run(scene) {
  const library = await scene.library({ publishing: true });
  await scene.witness(library);
  await scene.repeat(async () => {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = await open(library.path);
        if (!socket) return scene.expect(false, 'a client was refused');
        const came = framesOf(socket);
        socket.end(Buffer.concat([...Array.from({ length: 50 }, () => LIST), LIST.subarray(0, 7)]));
        const frames = await came;
        scene.expect(
          frames.length === 50,
          `a client that closed its half got ${frames.length} of 50 answers`,
        );
        socket.destroy();
      }),
    );
  });
}
