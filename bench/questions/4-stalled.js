// The cost that one subscriber that does not read has for the 99 others.
import { median } from '../measure.js';

export default async function stalled({ quick, inTurn, loading, ours, atLeast, noteMissing }) {
  // Runs for some 5 s: the grace of 250 ms, in which all wait for the stalled one, is paid only once.
  const task = { kind: 'fanout', subscribers: 99, events: quick ? 20_000 : 1_000_000 };
  const server = ours({ minThreads: 1 });
  const runs = await inTurn([loading(server, { ...task, stalled: 1 }), loading(server, task)]);
  noteMissing(runs.flat());
  const [a, b] = runs.map((side) => median(side.map(({ rate }) => rate)));
  const what = 'fan-out with one of 100 subscribers not reading';
  atLeast(0.9, { what, unit: 'deliveries/s', peer: 'none stalled', ours: a, theirs: b });
}
