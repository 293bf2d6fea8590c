// Fifty apps, whose daemon is killed under load: they run on, and the next daemon knows each of them.
import { startOf } from '../manager.js';
import { alive, until } from '../system.js';

export const what = '50 apps of bunctl whose daemon is killed under load';

const APPS = 50;

export async function run(scene) {
  const manager = await scene.manager();
  await scene.witness(manager, { cuts: true });
  let client = await manager.connect();
  scene.onEnd(() => client.close());
  const names = Array.from({ length: APPS }, (_, index) => `app${index}`);
  await Promise.all(names.map((name) => client.request(startOf(name, 'echo on; exec sleep 100000'))));
  await scene.repeat(async () => {
    const before = await manager.statuses(client);
    const restarted = names[scene.tried % APPS];
    const load = [
      client.request({ Restart: { name: restarted } }),
      ...Array.from({ length: 20 }, () => client.request({ Status: { name: null } })),
    ];
    // The load is under way; its requests may be cut.
    const settled = Promise.allSettled(load);
    if (scene.tried % 2 === 0) await load[1];
    await manager.kill();
    await settled;
    await client.close();
    await manager.start();
    client = await manager.connect();
    const after = await manager.statuses(client);
    scene.expect(after.size === APPS, `${after.size} of ${APPS} apps are known after the daemon was killed`);
    for (const [name, { pid }] of before)
      if (name !== restarted)
        scene.expect(
          after.get(name)?.pid === pid && alive(pid),
          `${name} was process ${pid}, and is ${after.get(name)?.pid}`,
        );
    const back = await until(async () => {
      const status = (await manager.statuses(client)).get(restarted);
      return status?.state === 'Running' && alive(status.pid);
    });
    scene.expect(back, `${restarted} does not run after its daemon was killed during its restart`);
    const mine = manager.processes().length;
    scene.expect(mine === APPS, `${mine} processes run for ${APPS} apps`);
  });
}
