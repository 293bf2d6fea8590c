// The disk with the state and the logs of bunctl is full: commands are answered, and work again when there is room.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../manager.js';
import { smallDisk, withoutSmallDisk } from '../small-disk.js';

export const what = 'state and logs on a tmpfs of 1 MB that apps fill';

export const skip = withoutSmallDisk;

export async function run(scene) {
  const manager = await scene.manager({ state: smallDisk(scene, '1m').path });
  await scene.witness(manager);
  const client = await manager.connect();
  scene.onEnd(() => client.close());
  await scene.repeat(() => fillAndFree(scene, manager, client));
}

async function fillAndFree(scene, manager, client) {
  const answered = async (message) => {
    try {
      return await client.request(message);
    } catch (error) {
      scene.expect(
        error.answer !== undefined,
        `${Object.keys(message)[0]} was not answered: ${error.message}`,
      );
      return undefined;
    }
  };
  await answered(
    startOf('flood', 'while :; do head -c 100000 /dev/zero | tr "\\\\0" x || exit 1; done', {
      restart_policy: 'no',
    }),
  );
  const filler = join(manager.state, 'filler');
  try {
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
  } catch {
    // The disk is full, as it should be.
  }
  await answered(startOf('b', 'sleep 1000'));
  await answered({ Restart: { name: 'b' } });
  await answered({ Stop: { name: 'flood' } });
  await answered({ Delete: { name: 'flood' } });
  await answered({ Delete: { name: 'b' } });
  rmSync(filler, { force: true });
  for (const name of ['flood', 'b']) rmSync(join(manager.state, 'logs', `${name}.all.log`), { force: true });
  const started = await answered(startOf('after', 'sleep 1000'));
  scene.expect(started?.Success, 'an app cannot be started when the disk has room again');
  const deleted = await answered({ Delete: { name: 'after' } });
  scene.expect(deleted?.Success, 'an app cannot be deleted when the disk has room again');
}
