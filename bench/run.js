// The bench: npm run bench [-- --json] [-- --quick]. Each row is a ratio to a peer measured in the same run, sides in turn.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, startRedis, startServer } from './processes.js';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const rounds = values.quick ? 1 : 5;
const seconds = values.quick ? 1 : 2;
const home = mkdtempSync(join(tmpdir(), 'bunctl-bench-'));
const say = (text) => console.error(text);

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Measures both sides in turn, `rounds` times, each side on a fresh server; returns the runs of each. */
async function inTurn(sides) {
  const runs = sides.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { start, task }] of sides.entries()) {
      const server = await start();
      try {
        runs[index].push(await load({ ...task, path: server.path }));
      } finally {
        await server.stop();
      }
    }
  }
  return runs;
}

const ours = (workers) => () => startServer('daemon.js', join(home, 'ours.sock'), JSON.stringify(workers));
const inline = () => startServer('inline.js', join(home, 'inline.sock'));
const redis = () => startRedis(join(home, 'redis.sock'));

const rows = [];
function row(what, unit, peer, our, theirs, atLeast, ratio, met) {
  rows.push({ what, unit, peer, ours: our, theirs, ratio, wanted: atLeast, met });
  say(
    `${met ? '  ' : '! '}${what}: ${format(our)} against ${format(theirs)} ${unit} (${peer}): ${ratio.toFixed(2)} x, wanted ${atLeast}`,
  );
}
const format = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1));

async function throughput(what, shape, workers, wanted) {
  const task = { kind: 'requests', seconds, ...shape };
  const [our, theirs] = await inTurn([
    { start: ours(workers), task },
    { start: inline, task },
  ]);
  const [a, b] = [median(our.map(({ rate }) => rate)), median(theirs.map(({ rate }) => rate))];
  row(what, 'requests/s', 'inline', a, b, `${wanted} or more`, a / b, a / b >= wanted);
}

async function latency(what, workers, wanted) {
  const task = { kind: 'requests', seconds, connections: 1, depth: 1 };
  const [our, theirs] = await inTurn([
    { start: ours(workers), task },
    { start: inline, task },
  ]);
  for (const [name, limit] of wanted) {
    const [a, b] = [median(our.map((run) => run[name])), median(theirs.map((run) => run[name]))];
    row(`${what}, ${name}`, 'µs', 'inline', a, b, limit.text, a / b, limit.met(a, b));
  }
}

async function fanout(subscribers, events, wanted) {
  const task = { kind: 'fanout', subscribers, events };
  const [our, theirs] = await inTurn([
    { start: ours({ minThreads: 1 }), task },
    { start: redis, task: { ...task, protocol: 'redis' } },
  ]);
  const missing = our.reduce((sum, run) => sum + run.missing, 0);
  if (missing !== 0) throw new Error(`${missing} events were not delivered`);
  const [a, b] = [median(our.map(({ rate }) => rate)), median(theirs.map(({ rate }) => rate))];
  row(
    `fan-out to ${subscribers} subscribers`,
    'deliveries/s',
    'Redis',
    a,
    b,
    `${wanted} or more`,
    a / b,
    a / b >= wanted,
  );
}

try {
  const times = (most) => ({ text: `${most} or less`, met: (a, b) => a / b <= most });
  await throughput(
    '64 connections, one in flight each',
    { connections: 64, depth: 1 },
    { minThreads: 1 },
    0.85,
  );
  await throughput(
    '16 connections, 64 in flight each, 2 lanes',
    { connections: 16, depth: 64 },
    { minThreads: 2 },
    1.3,
  );
  await latency('one sequential client', { minThreads: 1 }, [
    ['p50', { text: '3 or less, or 80 µs more', met: (a, b) => a <= Math.max(3 * b, b + 80) }],
    ['p99', times(5)],
  ]);
  await latency("one sequential client, isolation 'none'", { isolation: 'none' }, [
    ['p50', times(1.2)],
    ['p99', times(1.2)],
  ]);
  const probe = await redis();
  if (probe) {
    await probe.stop();
    await fanout(100, values.quick ? 5_000 : 20_000, 0.8);
    await fanout(1000, values.quick ? 500 : 3_000, 1.2);
  } else {
    say('No redis-server here: the fan-out rows are left out. On Debian: apt-get install redis-server');
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
  rounds,
  seconds,
};
if (values.json) console.log(JSON.stringify({ machine, rows }, null, 2));
