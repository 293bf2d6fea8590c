// The daemon of a soak, in a process of its own. Told how many connections were made, it comes to rest and measures itself.
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from 'bunctl-ipc';

const LANES = 2;
/** The time, in ms, that it may take to come to rest. */
const PATIENCE = 10_000;
/** The time, in ms, after which what connections leave behind must be gone: their timers linger for a second. */
const LINGER = 3000;

const daemon = await startDaemon({
  socketPath: process.argv[2],
  commands: new URL('commands.js', import.meta.url),
  workers: { minThreads: LANES, maxThreads: LANES },
  subscribers: { queueBytes: 256 * 1024 },
});
process.on('disconnect', () => void daemon.close({ grace: 0 }).then(() => process.exit()));
process.on('message', (connected) => void measure(connected).then((measured) => process.send(measured)));
process.send('listening');

/** Whether it has accepted each connection that was made, a client may have left before that, and nothing is under way. */
function isAtRest(connected) {
  const { connections, events, lanes } = daemon.stats();
  const idle = lanes.filter(({ state, inFlight }) => state === 'ready' && inFlight === 0);
  return (
    connections.accepted === connected &&
    connections.open === 0 &&
    events.subscribers === 0 &&
    events.mailboxBytes === 0 &&
    idle.length === LANES
  );
}

async function measure(connected) {
  const end = performance.now() + PATIENCE;
  while (!isAtRest(connected) && performance.now() < end) await delay(20);
  const rest = isAtRest(connected);
  for (let time = 0; time < 2; time += 1) {
    globalThis.gc();
    await delay(10);
  }
  const { handles, timers, resources } = await lingered();
  const { heapUsed, rss } = process.memoryUsage();
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return {
    rest,
    heap: heapUsed,
    resident: rss,
    descriptors,
    handles,
    timers,
    resources,
    stats: daemon.stats(),
  };
}

/** The fewest handles that were ever counted. */
let fewest = Infinity;

/** What is still active when no timer is left and no more handles than ever before, or after the time that they may take. */
async function lingered() {
  const end = performance.now() + LINGER;
  let active = activeNow();
  while ((active.timers > 0 || active.handles > fewest) && performance.now() < end) {
    await delay(20, undefined, { ref: false });
    active = activeNow();
  }
  fewest = Math.min(fewest, active.handles);
  return active;
}

function activeNow() {
  const types = process.getActiveResourcesInfo();
  const timers = types.filter((type) => type === 'Timeout' || type === 'Immediate').length;
  return { handles: types.length - timers, timers, resources: types.toSorted().join(' ') };
}
