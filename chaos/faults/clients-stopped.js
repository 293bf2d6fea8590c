// Clients are stopped while events and answers are sent to them, and go on later.
import { setTimeout as delay } from 'node:timers/promises';
import { childOf } from '../client-process.js';
import { signal } from '../system.js';

export const what = 'SIGSTOP and SIGCONT of clients that subscribe and pipeline';

export async function run(scene) {
  const library = await scene.library({ publishing: true });
  await scene.witness(library);
  const clients = [await childOf(scene, library.path), await childOf(scene, library.path)];
  await scene.repeat(async () => {
    for (const { pid } of clients) signal(pid, 'SIGSTOP');
    await delay(400);
    for (const { pid } of clients) signal(pid, 'SIGCONT');
    await delay(100);
  });
  scene.expect(
    clients.every(({ running }) => running),
    'a client that was stopped for a short time has lost its connection',
  );
}
