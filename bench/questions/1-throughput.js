// The number of requests per second, compared with one thread that does the same without isolation.
import { median } from '../measure.js';

export default async function throughput(bench) {
  const { inTurn, loading, ours, inline, atLeast } = bench;
  const shapes = [
    ['64 connections, one in flight each, one lane', { connections: 64, depth: 1 }, { maxThreads: 1 }, 0.85],
    ['16 connections, 64 in flight each, 2 lanes', { connections: 16, depth: 64 }, { minThreads: 2 }, 1.3],
  ];
  for (const [what, shape, workers, wanted] of shapes) {
    const task = { kind: 'requests', ...shape };
    const runs = await inTurn([loading(ours(workers), task), loading(inline, task)]);
    const [a, b] = runs.map((side) => median(side.map(({ rate }) => rate)));
    atLeast(wanted, { what, unit: 'requests/s', peer: 'inline', ours: a, theirs: b });
  }
}
