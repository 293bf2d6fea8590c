// No fault on the daemon of bunctl, with fifty apps: what the latencies of the others are compared with.
import { startOf } from '../manager.js';

export const what = 'nothing is done, with 50 apps of bunctl';

export async function run(scene) {
  const manager = await scene.manager();
  const client = await manager.connect();
  scene.onEnd(() => client.close());
  const starts = Array.from({ length: 50 }, (_, index) => startOf(`app${index}`, 'exec sleep 100000'));
  await Promise.all(starts.map((start) => client.request(start)));
  await scene.witness(manager);
  scene.tried = 1;
  await scene.pass();
}
