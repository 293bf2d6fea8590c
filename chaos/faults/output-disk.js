// Twenty apps print into logs on a disk that fills up, and get room again: what is there and what is counted is what they printed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../manager.js';
import { until } from '../system.js';
import { skip as withoutTmpfs } from './full-disk.js';

export const what = '20 apps that print into logs on a tmpfs of 8 MB, more than fits; then there is room';
export const skip = withoutTmpfs;

const APPS = 20;
const LINES = 30_000;
/** What an app prints beside its line ends, in bytes: a line that is cut by a loss has an end of ours. */
const PRINTED = Array.from({ length: LINES }, (_, n) => String(n + 1).length).reduce((a, b) => a + b, 0);
const SENTENCE = /^(\d+) bytes with (\d+) line ends are missing here/;

export async function run(scene) {
  const state = join(scene.home, 'small');
  mkdirSync(state, { mode: 0o700 });
  mount('-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'none', state);
  scene.onEnd(() => {
    const { status, stderr } = spawnSync('umount', [state]);
    if (status !== 0) throw new Error(`umount: ${stderr}`);
  });
  const manager = await scene.manager({ state });
  await scene.witness(manager);
  const client = await manager.connect();
  scene.onEnd(() => client.close());
  await scene.repeat(async () => {
    const names = Array.from({ length: APPS }, (_, index) => `d${scene.tried}-${index}`);
    const go = join(scene.home, `go${scene.tried}`);
    const printed = (name) => join(scene.home, `${name}.printed`);
    // Half of the apps end while the disk is full; the others go on.
    const script = (name, index) =>
      `until [ -e '${go}' ]; do sleep 0.1; done; seq 1 ${LINES}; : > '${printed(name)}'; ${index % 2 === 0 ? 'exit 0' : 'exec sleep 100000'}`;
    const limits = { log_max_size: 200_000, log_max_files: 1000, log_compress: false, restart_policy: 'no' };
    await Promise.all(names.map((name, index) => client.request(startOf(name, script(name, index), limits))));
    writeFileSync(go, '');
    scene.expect(
      await until(() => names.every((name) => existsSync(printed(name))), 60_000),
      'an app was held up by the full disk',
    );
    mount('-o', 'remount,size=64m', state);
    const sums = () => names.map((name) => sumOf(manager, name));
    await until(() => sums().every((sum) => sum === PRINTED), 20_000);
    for (const [index, sum] of sums().entries())
      scene.expect(
        sum === PRINTED,
        `${names[index]}: ${sum} bytes are there or counted, and ${PRINTED} were printed`,
      );
    await Promise.all(names.map((name) => client.request({ Delete: { name } })));
    for (const file of readdirSync(join(manager.state, 'logs'))) rmSync(join(manager.state, 'logs', file));
    mount('-o', 'remount,size=8m', state);
  });
}

function mount(...args) {
  const { status, stderr } = spawnSync('mount', args);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

/** The bytes that an app's log holds, and those that it says are missing, without line ends. */
function sumOf(manager, name) {
  const folder = join(manager.state, 'logs');
  let sum = 0;
  for (const file of readdirSync(folder).filter((each) => each.startsWith(`${name}.all.log`)))
    for (const line of readFileSync(join(folder, file), 'latin1').split('\n').slice(0, -1)) {
      const [source, text] = [line.slice(25, 28), line.slice(29)];
      if (source === 'log') {
        const [, bytes, ends] = SENTENCE.exec(text) ?? [];
        sum += bytes === undefined ? 0 : Number(bytes) - Number(ends);
      } else sum += text.length;
    }
  return sum;
}
