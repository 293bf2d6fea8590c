// The daemon is killed under load and started again: what it has answered stays done, and is done once.
import { setTimeout as delay } from 'node:timers/promises';

export const what = 'kill -9 of the daemon, which is started again: what was answered stays done';

export async function run(scene) {
  const library = await scene.library({ publishing: true, workers: { minThreads: 2 } });
  const allowed = ['COMMAND_OUTCOME_UNKNOWN'];
  await scene.witness(library, { cuts: true, allowed });
  await scene.repeat(async () => {
    await delay(200 + (scene.tried % 7) * 20);
    await library.kill();
    await library.start();
  });
}
