// Clients are killed in the middle of everything.
import { childOf } from '../client-process.js';

export const what = 'kill -9 of clients that subscribe and pipeline';

export async function run(scene) {
  const library = await scene.library({ publishing: true });
  await scene.witness(library);
  await scene.repeat(async () => {
    const client = await childOf(scene, library.path);
    await client.kill();
  });
}
