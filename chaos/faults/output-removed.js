// Fifty apps print while the folders of their logs and FIFOs go, and then the daemon, the keeper, or both: nothing is missing.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startOf } from '../manager.js';
import { keepersOf, linesOf, logsOf, ONE_READ, sumOf } from '../output-logs.js';
import { signal, until } from '../system.js';

export const what =
  '50 apps that print while the folders of logs and FIFOs are moved away and the daemon, the keeper, or both are killed';

const APPS = 50;
const HALF = 10_000;
const LAST = 2 * HALF;
/** What an app prints beside its line ends, in bytes. */
const PRINTED = Array.from({ length: LAST }, (_, n) => String(n + 1).length).reduce((a, b) => a + b, 0);

export async function run(scene) {
  const manager = await scene.manager();
  await scene.witness(manager, { cuts: true });
  await scene.repeat(async () => {
    const round = scene.tried;
    const names = Array.from({ length: APPS }, (_, index) => `r${round}-${index}`);
    const file = (name) => join(scene.home, `${name}-${round}`);
    const script = `until [ -e '${file('go')}' ]; do sleep 0.1; done; seq 1 ${HALF}; until [ -e '${file('on')}' ]; do sleep 0.1; done; seq ${HALF + 1} ${LAST}; exec sleep 100000`;
    const limits = { log_max_size: 100_000, log_max_files: 1000, log_compress: false, restart_policy: 'no' };
    const client = await manager.connect();
    await Promise.all(names.map((name) => client.request(startOf(name, script, limits))));
    await client.close();
    writeFileSync(file('go'), '');
    await delay(Math.random() * 300);
    // Moved, so that what was there counts, too.
    renameSync(logsOf(manager), file('logs'));
    rmSync(join(manager.state, 'pipes'), { recursive: true });
    const keeperDies = round % 4 === 1 || round % 4 === 3;
    if (keeperDies) for (const pid of keepersOf(manager)) signal(pid, 'SIGKILL');
    if (round % 4 >= 2) {
      await manager.kill();
      await manager.start();
    }
    writeFileSync(file('on'), '');
    const folders = [file('logs'), logsOf(manager)];
    const left = [...names];
    const complete = await until(() => {
      while (left.length > 0 && isComplete(folders, left[0])) left.shift();
      return left.length === 0;
    }, 60_000);
    scene.expect(complete, 'an app’s last line is not in its log');
    const mayLose = keeperDies ? ONE_READ : 0;
    for (const name of names) {
      const sum = sumOf(folders, name);
      scene.expect(
        sum <= PRINTED && sum >= PRINTED - mayLose,
        `${name}: ${sum} bytes are there, and ${PRINTED} were printed`,
      );
    }
    const next = await manager.connect();
    await Promise.all(names.map((name) => next.request({ Delete: { name } })));
    await next.close();
    rmSync(file('logs'), { recursive: true });
  });
}

function isComplete(folders, name) {
  try {
    return linesOf(folders, name).at(-1) === String(LAST);
  } catch {
    // The folder is not there again yet.
    return false;
  }
}
