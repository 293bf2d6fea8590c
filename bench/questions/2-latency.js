// The latency that a lane adds to a lone request, compared with a single thread and with the barest hop to another thread.
import { median } from '../measure.js';

export default async function latency(bench) {
  const { inTurn, asking, ours, inline, hop, row, atMost } = bench;
  await tellClient(bench);
  const measure = async (...sides) => {
    const runs = await inTurn(sides.map(asking));
    const values = (side, name) => median(runs[side].map((run) => run[name]));
    return (name, side, peer) => ({ unit: 'µs', peer, ours: values(0, name), theirs: values(side, name) });
  };
  const lane = await measure(ours({ minThreads: 1 }), inline, hop);
  const p50 = lane('p50', 1, 'inline');
  row({
    what: 'a lone request, p50',
    ...p50,
    wanted: '3 or less, or 80 µs more',
    met: p50.ours <= Math.max(3 * p50.theirs, p50.theirs + 80),
  });
  atMost(5, { what: 'a lone request, p99', ...lane('p99', 1, 'inline') });
  atMost(1.15, { what: 'a lone request, p50', ...lane('p50', 2, 'the barest hop') });
  atMost(1.15, { what: 'a lone request, p99', ...lane('p99', 2, 'the barest hop') });
  const none = await measure(ours({ isolation: 'none' }), inline);
  for (const name of ['p50', 'p99'])
    atMost(1.2, { what: `a lone request, isolation 'none', ${name}`, ...none(name, 1, 'inline') });
}

/** The cost of the client is part of every figure. It is printed, so that the ratios can be judged. */
async function tellClient({ inTurn, lightClient, seconds, note }) {
  const client = lightClient();
  if (!client) {
    note(
      'No C compiler (cc) was found, so a client in Node is used. It costs some 30 µs itself, which makes the ratios look smaller.',
    );
    return;
  }
  const [runs] = await inTurn([() => client.own(seconds)]);
  const [p50, p99, cpu] = ['p50', 'p99', 'cpu'].map((name) =>
    median(runs.map((run) => run[name])).toFixed(1),
  );
  note(
    `The client in C is used. It needs ${cpu} µs of processor time for a request. With a bare echo in C at the other end, a request takes ${p50} µs, p99 ${p99} µs.`,
  );
}
