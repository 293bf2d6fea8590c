// What every question of the bench uses: both sides in turn, medians, and a row of the result.
import { join } from 'node:path';
import { load, startRedis, startServer } from './processes.js';

const format = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value < 10 ? 2 : 1);

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** @param quick One short round: to see that the bench works, not to quote. */
export function createBench({ home, quick }) {
  const rounds = quick ? 1 : 5;
  const seconds = quick ? 1 : 2;
  const rows = [];

  /** Measures each side in turn, `rounds` times; `measure` of a side gives one run's result. The runs of each side. */
  async function inTurn(sides) {
    const runs = sides.map(() => []);
    for (let round = 0; round < rounds; round += 1)
      for (const [index, measure] of sides.entries()) runs[index].push(await measure());
    return runs;
  }

  /** A side: a fresh server, and a load on it. */
  const loading = (start, task) => async () => {
    const server = await start();
    try {
      return await load({ seconds, ...task, path: server.path });
    } finally {
      await server.stop();
    }
  };

  /** Adds a row. `wanted` is what the ratio, ours to the peer's, is held against. */
  function row({ what, unit, peer, ours, theirs, wanted, met }) {
    const ratio = ours / theirs;
    rows.push({ what, unit, peer, ours, theirs, ratio, wanted, met });
    const mark = met ? ' ' : '!';
    console.error(
      `${mark} ${what}: ${format(ours)} against ${format(theirs)} ${unit} (${peer}): ${ratio.toFixed(2)} x, wanted ${wanted}`,
    );
  }

  return {
    quick,
    rounds,
    seconds,
    rows,
    home,
    inTurn,
    loading,
    /** A row whose ratio is to be at least, or at most, so much. */
    atLeast: (least, values) =>
      row({ ...values, wanted: `${least} or more`, met: values.ours / values.theirs >= least }),
    atMost: (most, values) =>
      row({ ...values, wanted: `${most} or less`, met: values.ours / values.theirs <= most }),
    row,
    ours: (workers) => () => startServer('daemon.js', join(home, 'ours.sock'), JSON.stringify(workers)),
    inline: () => startServer('inline.js', join(home, 'inline.sock')),
    redis: () => startRedis(join(home, 'redis.sock')),
  };
}
