// The cost of an idle connection in memory, and in the latency of other connections.
import { median } from '../measure.js';
import { load } from '../processes.js';

export default async function connections({ quick, seconds, inTurn, ours, inline, atMost }) {
  const count = quick ? 1000 : 10_000;
  const lane = ours({ minThreads: 1 });

  const memory = (start) => async () => {
    const server = await start();
    try {
      // The first connections have a one-time cost, which is not the cost of a connection.
      const first = load.idle({ path: server.path, connections: count / 5 });
      await first.open;
      const before = await server.memory();
      const idle = load.idle({ path: server.path, connections: count });
      await idle.open;
      const after = await server.memory();
      await Promise.all([first.close(), idle.close()]);
      return (after - before) / count;
    } finally {
      await server.stop();
    }
  };
  const held = await inTurn([memory(lane), memory(inline)]);
  atMost(1.5, {
    what: `memory of an idle connection, of ${count}`,
    unit: 'bytes',
    peer: 'a bare net server',
    ours: median(held[0]),
    theirs: median(held[1]),
  });

  const latency = (idleConnections) => async () => {
    const server = await lane();
    const idle = load.idle({ path: server.path, connections: idleConnections });
    try {
      await idle.open;
      return await load({ kind: 'requests', connections: 1, depth: 1, seconds, path: server.path });
    } finally {
      await idle.close();
      await server.stop();
    }
  };
  // One less than the limit, for the active connection.
  const runs = await inTurn([latency(count - 1), latency(0)]);
  const [a, b] = runs.map((side) => median(side.map(({ p50 }) => p50)));
  atMost(1.3, {
    what: `p50 of an active client beside ${count} idle ones`,
    unit: 'µs',
    peer: 'alone',
    ours: a,
    theirs: b,
  });
}
