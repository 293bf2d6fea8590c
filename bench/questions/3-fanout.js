// Events to many subscribers that read, compared with Redis pub/sub on its Unix socket. A dropped event is reported.
import { median } from '../measure.js';

export default async function fanout({ quick, inTurn, loading, ours, redis, atLeast, noteMissing }) {
  const probe = await redis();
  if (!probe) {
    console.error(
      'redis-server was not found, so the rows that compare with Redis are left out. On Debian: apt-get install redis-server',
    );
    return;
  }
  await probe.stop();
  for (const [subscribers, events, wanted] of [
    [100, quick ? 5_000 : 20_000, 0.8],
    [1000, quick ? 500 : 3_000, 1.2],
  ]) {
    const task = { kind: 'fanout', subscribers, events };
    const runs = await inTurn([
      loading(ours({ minThreads: 1 }), task),
      loading(redis, { ...task, protocol: 'redis' }),
    ]);
    noteMissing(runs[0]);
    const [a, b] = runs.map((side) => median(side.map(({ rate }) => rate)));
    const what = `fan-out to ${subscribers} subscribers`;
    atLeast(wanted, { what, unit: 'deliveries/s', peer: 'Redis', ours: a, theirs: b });
  }
}
