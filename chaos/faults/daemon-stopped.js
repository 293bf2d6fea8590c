// The daemon itself is stopped and goes on: no time that it could not use is held against anybody.
import { setTimeout as delay } from 'node:timers/promises';
import { signal } from '../system.js';

export const what = 'SIGSTOP and SIGCONT of the daemon, longer than its timeouts';

export async function run(scene) {
  const library = await scene.library({
    connections: { frameTimeout: 300 },
    workers: { unresponsiveAfter: 1000, minThreads: 2 },
  });
  await scene.witness(library);
  await scene.witness(library, {
    ask: () => 'List',
    check: (answer) => answer.Data?.data.length === 2,
    fresh: true,
  });
  await scene.repeat(async () => {
    signal(library.pid, 'SIGSTOP');
    await delay([100, 500, 1500][scene.tried % 3]);
    signal(library.pid, 'SIGCONT');
    await delay(200);
  });
}
