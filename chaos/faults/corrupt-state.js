// A record of an app is damaged while no daemon runs: the next daemon starts, and the other apps are untouched.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../manager.js';
import { alive } from '../system.js';

export const what = "records of bunctl's apps that are cut, empty, garbage or folders";

const DAMAGES = [
  (file, text) => writeFileSync(file, text.slice(0, text.length / 2)),
  (file) => writeFileSync(file, ''),
  (file) => writeFileSync(file, Buffer.alloc(4096)),
  (file) => writeFileSync(file, 'null'),
  (file) => writeFileSync(file, '{"version":1,"id":"../../x","config":{}}'),
  (file) => writeFileSync(file, '{"version":99}'),
  (file, text) => writeFileSync(file, text.replace(/"pid":\d+/g, '"pid":4194303')),
  (file) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  (file) => {
    rmSync(file);
    mkdirSync(file);
  },
];

export async function run(scene) {
  const manager = await scene.manager();
  await scene.witness(manager, { cuts: true });
  await scene.repeat(
    async () => {
      const damage = DAMAGES[(scene.tried - 1) % DAMAGES.length];
      let client = await manager.connect();
      const names = ['whole1', 'damaged', 'whole2'];
      for (const name of names) await client.request(startOf(name, 'exec sleep 100000'));
      const before = await manager.statuses(client);
      await client.close();
      await manager.kill();
      const record = join(manager.state, 'apps', 'damaged.json');
      damage(record, readFileSync(record, 'utf8'));
      await manager.start();
      client = await manager.connect();
      const after = await manager.statuses(client);
      for (const name of ['whole1', 'whole2']) {
        const { pid } = before.get(name);
        scene.expect(
          after.get(name)?.pid === pid && alive(pid),
          `${name} is not what it was, beside a damaged record`,
        );
      }
      for (const name of after.keys())
        await client
          .request({ Delete: { name } })
          .catch((error) => scene.expect(false, `Delete of ${name}: ${error.message}`));
      await client.close();
      rmSync(record, { recursive: true, force: true });
      const { pid } = before.get('damaged');
      // Nobody knows it any more; it was started here.
      if (manager.processes().includes(pid)) process.kill(pid, 'SIGKILL');
    },
    { least: DAMAGES.length },
  );
}
