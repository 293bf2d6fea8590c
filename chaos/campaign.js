// Runs faults one after the other; what the witness saw of each becomes a row.
import { constants } from 'node:os';
import { Scene } from './scene.js';

/** The faults without a fault, by the kind of daemon. */
const IDLE = { library: 'idle', manager: 'idle-apps' };
const MANAGERS = [
  'apps',
  'bad-apps',
  'corrupt-state',
  'full-disk',
  'idle-apps',
  'output',
  'output-disk',
  'output-disk-killed',
  'output-removed',
];

const SIGNALS = ['SIGINT', 'SIGTERM'];

const kindOf = (name) => (MANAGERS.includes(name) ? 'manager' : 'library');

/** @param onRow Called with each row as it is there. */
export async function campaign(names, seconds, onRow) {
  const idle = {};
  const rows = [];
  for (const name of inOrder(names)) {
    const row = await play(name, seconds);
    if (Object.values(IDLE).includes(name)) idle[kindOf(name)] = row.worst;
    else row.idle = idle[kindOf(name)];
    rows.push(row);
    onRow(row);
  }
  return rows;
}

/** The idle runs come first: each other row shows their latency. */
function inOrder(names) {
  const idle = Object.values(IDLE).filter((name) => names.some((one) => IDLE[kindOf(one)] === name));
  return [...idle, ...names.filter((name) => !idle.includes(name))];
}

async function play(name, seconds) {
  const { run, skip, what } = await import(`./faults/${name}.js`);
  const skipped = skip?.();
  if (skipped !== undefined) return { name, what, skipped, lost: [] };
  const scene = new Scene(seconds);
  // Ctrl-C in the middle leaves nothing behind either.
  const interrupted = (signal) =>
    void scene.clear().finally(() => process.exit(128 + constants.signals[signal]));
  for (const signal of SIGNALS) process.once(signal, interrupted);
  let seen = {};
  try {
    await run(scene);
    seen = await scene.finish();
  } catch (error) {
    scene.lost.push(`the fault could not be tried: ${error.message}`);
  } finally {
    await scene.clear();
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
  return { name, what, refused: {}, answered: 0, cut: 0, ...seen, tried: scene.tried, lost: scene.lost };
}
