// What the tiers of isolation cost: a hop to a thread or a process, and an inline handler that is slow.
import { median } from '../measure.js';
import { load } from '../processes.js';

const ONE = { minThreads: 1, maxThreads: 1 };

export default async function tiers({ seconds, inTurn, asking, loading, ours, row }) {
  const tell = (values) => row({ ...values, wanted: 'no bound', met: true });

  const thread = ours(ONE);
  const process = ours({ ...ONE, isolation: 'process' });
  const inline = ours({ ...ONE, commands: { List: 'inline' } });
  const lone = await inTurn([process, inline, thread].map(asking));
  const [ofProcess, ofInline, ofThread] = lone.map((side) => median(side.map(({ p50 }) => p50)));
  const request = { unit: 'µs', peer: 'a thread', theirs: ofThread };
  tell({ what: 'a lone request to a process, p50', ...request, ours: ofProcess });
  tell({ what: 'a lone request to an inline handler, p50', ...request, ours: ofInline });

  const task = { kind: 'requests', connections: 16, depth: 64 };
  const pipelined = await inTurn([loading(process, task), loading(thread, task)]);
  const [a, b] = pipelined.map((side) => median(side.map(({ rate }) => rate)));
  tell({
    what: '16 connections, 64 in flight each, one process',
    unit: 'requests/s',
    peer: 'one thread',
    ours: a,
    theirs: b,
  });

  // Start is the slow one: it holds its tier for 10 ms, again and again.
  const beside = (commands) => async () => {
    const server = await ours({ ...ONE, commands })();
    try {
      const others = { kind: 'requests', connections: 4, depth: 1, seconds, path: server.path };
      const [run] = await Promise.all([
        load(others),
        load({ kind: 'busy', milliseconds: 10, seconds: seconds + 1, path: server.path }),
      ]);
      return run;
    } finally {
      await server.stop();
    }
  };
  const slow = await inTurn([beside({ List: 'inline', Start: 'inline' }), beside({ List: 'inline' })]);
  const [onMain, apart] = slow.map((side) => median(side.map(({ p99 }) => p99)));
  tell({
    what: 'p99 of inline reads while another inline handler takes 10 ms each time',
    unit: 'µs',
    peer: 'that handler in a thread',
    ours: onMain,
    theirs: apart,
  });
}
