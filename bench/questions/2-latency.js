// What the way through a lane costs one client that asks one thing after the other.
import { median } from '../measure.js';

export default async function latency({ inTurn, loading, ours, inline, row, atMost }) {
  const task = { kind: 'requests', connections: 1, depth: 1 };
  const measure = async (workers) => {
    const runs = await inTurn([loading(ours(workers), task), loading(inline, task)]);
    return (name) => {
      const [a, b] = runs.map((side) => median(side.map((run) => run[name])));
      return { unit: 'µs', peer: 'inline', ours: a, theirs: b };
    };
  };
  const lane = await measure({ minThreads: 1 });
  const p50 = lane('p50');
  row({
    what: 'one sequential client, p50',
    ...p50,
    wanted: '3 or less, or 80 µs more',
    met: p50.ours <= Math.max(3 * p50.theirs, p50.theirs + 80),
  });
  atMost(5, { what: 'one sequential client, p99', ...lane('p99') });
  const none = await measure({ isolation: 'none' });
  for (const name of ['p50', 'p99'])
    atMost(1.2, { what: `one sequential client, isolation 'none', ${name}`, ...none(name) });
}
