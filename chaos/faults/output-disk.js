// Twenty apps print into logs on a disk that fills up, and get room again: what is there and what is counted is what they printed.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../manager.js';
import { logsOf, sumOf } from '../output-logs.js';
import { smallDisk, withoutSmallDisk } from '../small-disk.js';
import { until } from '../system.js';

export const what = '20 apps that print into logs on a tmpfs of 8 MB, more than fits; then there is room';
export const skip = withoutSmallDisk;

const APPS = 20;
const LINES = 30_000;
/** What an app prints beside its line ends, in bytes: a line that is cut by a loss has an end of ours. */
const PRINTED = Array.from({ length: LINES }, (_, n) => String(n + 1).length).reduce((a, b) => a + b, 0);

export const LOSES_NOTHING = { running: 0, ended: 0 };

export const run = (scene) => onFullDisk(scene, {}, async () => LOSES_NOTHING);

/**
 * @param whenFull Called while the disk is full and all apps have printed. It returns how many bytes of an app that
 *   runs, and of one that has ended, may be neither there nor counted.
 */
export async function onFullDisk(scene, witness, whenFull) {
  const disk = smallDisk(scene, '8m');
  const manager = await scene.manager({ state: disk.path });
  await scene.witness(manager, witness);
  await scene.repeat(async () => {
    const client = await manager.connect();
    const names = Array.from({ length: APPS }, (_, index) => `d${scene.tried}-${index}`);
    const go = join(scene.home, `go${scene.tried}`);
    const printed = (name) => join(scene.home, `${name}.printed`);
    // Half of the apps end while the disk is full; the others go on.
    const hasEnded = (index) => index % 2 === 0;
    const script = (name, index) =>
      `until [ -e '${go}' ]; do sleep 0.1; done; seq 1 ${LINES}; : > '${printed(name)}'; ${hasEnded(index) ? 'exit 0' : 'exec sleep 100000'}`;
    const limits = { log_max_size: 200_000, log_max_files: 1000, log_compress: false, restart_policy: 'no' };
    await Promise.all(names.map((name, index) => client.request(startOf(name, script(name, index), limits))));
    await client.close();
    writeFileSync(go, '');
    scene.expect(
      await until(() => names.every((name) => existsSync(printed(name))), 60_000),
      'an app was held up by the full disk',
    );
    const mayLose = await whenFull(manager);
    disk.resize('64m');
    const sums = () => names.map((name) => sumOf([logsOf(manager)], name));
    const most = (index) => (hasEnded(index) ? mayLose.ended : mayLose.running);
    await until(() => sums().every((sum) => sum === PRINTED), mayLose === LOSES_NOTHING ? 20_000 : 5000);
    for (const [index, sum] of sums().entries())
      scene.expect(
        sum <= PRINTED && sum >= PRINTED - most(index),
        `${names[index]}: ${sum} bytes are there or counted, and ${PRINTED} were printed`,
      );
    const next = await manager.connect();
    await Promise.all(names.map((name) => next.request({ Delete: { name } })));
    await next.close();
    for (const file of readdirSync(logsOf(manager))) rmSync(join(logsOf(manager), file));
    disk.resize('8m');
  });
}
