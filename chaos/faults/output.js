// Fifty apps print as fast as they can while daemon, keeper, or both are killed, and their logs are put aside.
import { startOf } from '../manager.js';
import { isInOrder, keepersOf, linesOf, logsOf, ONE_READ } from '../output-logs.js';
import { signal, until } from '../system.js';

export const what = '50 apps that print while the daemon, the keeper of their output, or both are killed';

const APPS = 50;
/** Lines that each app prints; their bytes are several times what a FIFO holds. */
const LINES = 30_000;
const SIZE = 100_000;

export async function run(scene) {
  const manager = await scene.manager();
  let client = await manager.connect();
  scene.onEnd(() => client.close());
  await scene.witness(manager, { cuts: true });
  await scene.repeat(async () => {
    const round = scene.tried;
    const names = Array.from({ length: APPS }, (_, index) => `o${round}-${index}`);
    const limits = { log_max_size: SIZE, log_max_files: 1000, log_compress: false, restart_policy: 'no' };
    await Promise.all(
      names.map((name) =>
        client.request(startOf(name, `seq 1 ${LINES}; echo done; exec sleep 100000`, limits)),
      ),
    );
    const keeperDies = round % 3 !== 0;
    if (keeperDies) for (const pid of keepersOf(manager)) signal(pid, 'SIGKILL');
    if (round % 3 !== 1) {
      await manager.kill();
      await client.close();
      await manager.start();
      client = await manager.connect();
    }
    const complete = await until(
      () => names.every((name) => linesOf([logsOf(manager)], name).at(-1) === 'done'),
      60_000,
    );
    scene.expect(complete, 'an app’s last line is not in its log');
    for (const name of names) check(scene, name, linesOf([logsOf(manager)], name), keeperDies ? ONE_READ : 0);
    await Promise.all(names.map((name) => client.request({ Delete: { name } })));
  });
}

/** The longest line, in bytes. */
const LONGEST = `${LINES}\n`.length;

/**
 * Each line once and in order; what is missing is what one read holds. Such a gap may begin and end within a line: what is
 * left of the two is one line then, whose number means nothing.
 */
function check(scene, name, lines, mayLose) {
  let numbers = lines.slice(0, -1).map(Number);
  const wrong = numbers.findIndex((number, at) => at > 0 && number <= numbers[at - 1]);
  if (wrong >= 0 && mayLose > 0) {
    const without = [wrong, wrong - 1].map((index) => numbers.toSpliced(index, 1));
    numbers = without.find(isInOrder) ?? numbers;
  }
  scene.expect(isInOrder(numbers), `${name}: a line is there twice, or out of order`);
  const mayMiss = mayLose === 0 ? 0 : mayLose + 2 * LONGEST;
  const there = new Set(numbers);
  let missing = 0;
  for (let n = 1; n <= LINES; n += 1) if (!there.has(n)) missing += `${n}\n`.length;
  scene.expect(missing <= mayMiss, `${name}: ${missing} bytes are missing, and ${mayMiss} may be`);
}
