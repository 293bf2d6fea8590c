// The tools of every question of the bench: both sides are measured in turn; medians become rows of the result.
import { join } from 'node:path';
import { compileLightClient } from './light-client.js';
import { load, startRedis, startServer } from './processes.js';

const format = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value < 10 ? 2 : 1);

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** @param quick One short round: it shows that the bench works; its figures are not to be quoted. */
export function createBench({ home, quick }) {
  const rounds = quick ? 1 : 5;
  const seconds = quick ? 1 : 2;
  const rows = [];
  const notes = [];

  /** Measures each side in turn, `rounds` times, by calling its function. Returns the results of each side. */
  async function inTurn(sides) {
    const runs = sides.map(() => []);
    for (let round = 0; round < rounds; round += 1)
      for (const [index, measure] of sides.entries()) runs[index].push(await measure());
    return runs;
  }

  /** A side that starts a fresh server and puts a load on it. */
  const loading = (start, task) => async () => {
    const server = await start();
    try {
      return await load({ seconds, ...task, path: server.path });
    } finally {
      await server.stop();
    }
  };

  /** A side that starts a fresh server and sends it one request after the other from a light client; see {@link lightClient}. */
  const asking = (start) => async () => {
    const server = await start();
    try {
      if (lightClient()) return await lightClient().ask(server.path, seconds);
      return await load({ kind: 'requests', connections: 1, depth: 1, seconds, path: server.path });
    } finally {
      await server.stop();
    }
  };

  let compiled;
  /** The compiled client; undefined without a C compiler, so that the client in Node is used instead. */
  function lightClient() {
    compiled ??= { client: compileLightClient(home) };
    return compiled.client;
  }

  /** Adds a row. `wanted` is the wanted ratio of our figure to the peer's. */
  function row({ what, unit, peer, ours, theirs, wanted, met }) {
    const ratio = ours / theirs;
    rows.push({ what, unit, peer, ours, theirs, ratio, wanted, met });
    const mark = met ? ' ' : '!';
    console.error(
      `${mark} ${what}: ${format(ours)} against ${format(theirs)} ${unit} (${peer}): ${ratio.toFixed(2)} x, wanted ${wanted}`,
    );
  }

  /** Reports the events that readers have lost, of those published: a machine that is too busy reads too slowly. */
  function noteMissing(runs) {
    for (const { missing } of runs)
      if (missing !== 0)
        note(
          `In the next row, readers lost ${(100 * missing).toFixed(3)} % of their events in one round: the readers were too slow.`,
        );
  }

  /** Prints a note about the rows that follow. */
  function note(text) {
    notes.push(text);
    console.error(`  ${text}`);
  }

  return {
    quick,
    rounds,
    seconds,
    rows,
    home,
    inTurn,
    loading,
    asking,
    lightClient,
    /** Add a row whose ratio must be at least `least`, or at most `most`. */
    atLeast: (least, values) =>
      row({ ...values, wanted: `${least} or more`, met: values.ours / values.theirs >= least }),
    atMost: (most, values) =>
      row({ ...values, wanted: `${most} or less`, met: values.ours / values.theirs <= most }),
    row,
    note,
    noteMissing,
    notes,
    ours: (workers) => () => startServer('daemon.js', join(home, 'ours.sock'), JSON.stringify(workers)),
    inline: () => startServer('inline.js', join(home, 'inline.sock')),
    hop: () => startServer('hop.js', join(home, 'hop.sock')),
    redis: () => startRedis(join(home, 'redis.sock')),
  };
}
