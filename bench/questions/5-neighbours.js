// The effect on other clients of a handler that spins, and of a flood of events to another subscriber.
import { median } from '../measure.js';
import { load } from '../processes.js';

export default async function neighbours({ seconds, inTurn, ours, atMost }) {
  const task = { kind: 'requests', connections: 16, depth: 1, seconds };
  const measured = (disturbance) => async () => {
    const server = await ours({ minThreads: 2, maxThreads: 2 })();
    try {
      const [run] = await Promise.all([
        load({ ...task, path: server.path }),
        disturbance ? load({ ...disturbance, seconds: seconds + 1, path: server.path }) : undefined,
      ]);
      return run;
    } finally {
      await server.stop();
    }
  };
  for (const [what, disturbance, wanted] of [
    ['p99 of others while a handler spins 2 s', { kind: 'spin' }, 2],
    ['p99 of others while 50 MB/s of events flow to somebody else', { kind: 'flood', bytes: 50e6 }, 3],
  ]) {
    const runs = await inTurn([measured(disturbance), measured(undefined)]);
    const [a, b] = runs.map((side) => median(side.map(({ p99 }) => p99)));
    atMost(wanted, { what, unit: 'µs', peer: 'undisturbed', ours: a, theirs: b });
  }
}
