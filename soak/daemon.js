// The daemon of a soak, in a process of its own. Asked by a message, it comes to rest and measures itself.
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from 'bunctl-ipc';

const LANES = 2;
/** The time, in ms, that it may take to come to rest. */
const PATIENCE = 10_000;

const daemon = await startDaemon({
  socketPath: process.argv[2],
  commands: new URL('commands.js', import.meta.url),
  workers: { minThreads: LANES, maxThreads: LANES },
  subscribers: { queueBytes: 256 * 1024 },
});
process.on('disconnect', () => void daemon.close({ grace: 0 }).then(() => process.exit()));
process.on('message', () => void measure().then((measured) => process.send(measured)));
process.send('listening');

function isAtRest() {
  const { connections, events, lanes } = daemon.stats();
  const idle = lanes.filter(({ state, inFlight }) => state === 'ready' && inFlight === 0);
  return (
    connections.open === 0 && events.subscribers === 0 && events.mailboxBytes === 0 && idle.length === LANES
  );
}

async function measure() {
  const end = performance.now() + PATIENCE;
  while (!isAtRest() && performance.now() < end) await delay(20);
  const rest = isAtRest();
  for (let time = 0; time < 2; time += 1) {
    globalThis.gc();
    await delay(10);
  }
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((type) => type === 'Timeout' || type === 'Immediate').length;
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return {
    rest,
    heap: heapUsed,
    resident: rss,
    descriptors,
    handles: resources.length - timers,
    timers,
    stats: daemon.stats(),
  };
}
