// Measures the process manager beside many processes: its start with many apps, and the latency of other clients while apps
// stop slowly. Prints milliseconds. Usage: npm run build && node bench/many-processes.js [PROCESSES]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IpcClient } from 'bunctl-ipc/client';

const COMMAND = fileURLToPath(new URL('../dist/cli/bunctl.cjs', import.meta.url));
const PROCESSES = Number(process.argv[2] ?? 2000);
const [STOPPED, RUNNING, STOPPING] = [500, 50, 20];
const home = mkdtempSync(join(tmpdir(), 'bunctl-bench-'));
const others = [];
const daemons = [];
const ended = (child) => once(child, 'exit');

function sleeper(env = process.env) {
  const child = spawn('sleep', ['3600'], { detached: true, stdio: 'ignore', env });
  others.push(child);
  return child.pid;
}

/** Starts a daemon on a state directory that has these records; resolves when it answers. */
async function daemon(name, records) {
  const socket = join(home, `${name}.sock`);
  const env = { ...process.env, BUNCTL_STATE_DIR: join(home, name), BUNCTL_RESPAWN: '0' };
  const run = () =>
    spawn(process.execPath, [COMMAND, 'daemon', '--socket', socket], { env, stdio: 'ignore' });
  if (records.length > 0) {
    // The first run makes the directories.
    const first = run();
    await (await IpcClient.connect(socket, { retry: 'absent', timeout: 60_000 })).close();
    first.kill();
    await ended(first);
    const { createHash } = await import('node:crypto');
    const state = join(home, name, createHash('sha256').update(socket).digest('hex').slice(0, 16));
    mkdirSync(join(state, 'apps'), { recursive: true, mode: 0o700 });
    for (const record of records)
      writeFileSync(join(state, 'apps', `${record.id}.json`), JSON.stringify(record), { mode: 0o600 });
  }
  const begun = performance.now();
  const child = run();
  daemons.push(child);
  const client = await IpcClient.connect(socket, {
    retry: 'absent',
    timeout: 120_000,
    requestTimeout: 120_000,
  });
  await client.request('List');
  return { client, socket, child, ms: performance.now() - begun };
}

function record(id, pid) {
  const nonce = '0000000a00000001';
  const state = {
    status: pid === null ? 'Stopped' : 'Running',
    wanted: pid === null ? 'stopped' : 'running',
    pid,
  };
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const stat = pid === null ? '' : readFileSync(`/proc/${pid}/stat`, 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return {
    version: 1,
    id,
    config: { name: id, command: 'sleep', args: ['3600'], restart_policy: 'no' },
    environment: null,
    state,
    nonce,
    process: pid === null ? null : { pid, startTime, bootId },
  };
}

/** Percentiles, in ms, of requests that are sent one after the other until `until` resolves. */
async function latencies(client, until) {
  const all = [];
  let over = false;
  const end = () => (over = true);
  until.then(end, end);
  while (!over) {
    const begun = performance.now();
    await client.request('List');
    all.push(performance.now() - begun);
  }
  all.sort((a, b) => a - b);
  const at = (part) => all[Math.floor(all.length * part)].toFixed(2);
  return { requests: all.length, median: at(0.5), p99: at(0.99), max: all.at(-1).toFixed(2) };
}

try {
  for (let n = 0; n < PROCESSES; n += 1) sleeper();
  const live = Array.from({ length: RUNNING }, (_, n) =>
    record(`running-${n}`, sleeper({ ...process.env, BUNCTL_APP: `running-${n}:0000000a00000001` })),
  );
  const stopped = Array.from({ length: STOPPED }, (_, n) => record(`stopped-${n}`, null));
  const empty = await daemon('empty', []);
  console.log(`start without apps: ${empty.ms.toFixed(0)}`);
  const adopting = await daemon('adopting', [...live, ...stopped]);
  console.log(`start with ${STOPPED} stopped and ${RUNNING} running apps: ${adopting.ms.toFixed(0)}`);
  const dead = live.map((entry) => ({ ...entry, process: { ...entry.process, startTime: '1' } }));
  const searching = await daemon('searching', [...dead, ...stopped]);
  console.log(`the same if the recorded processes have ended: ${searching.ms.toFixed(0)}`);

  const { client, socket } = empty;
  // The leader ends at once; the process that it leaves ignores SIGTERM until it is killed.
  const script = '(trap "" TERM; while :; do sleep 1; done) & trap "exit 0" TERM; while :; do sleep 1; done';
  const other = await IpcClient.connect(socket, { requestTimeout: 120_000 });
  for (let round = 0; round < 3; round += 1) {
    const names = Array.from({ length: STOPPING }, (_, n) => `slow-${round}-${n}`);
    for (const name of names) {
      const config = { name, command: 'sh', args: ['-c', script], stop_timeout: { secs: 5, nanos: 0 } };
      await client.request({ Start: { name, config: JSON.stringify(config) } });
    }
    const quiet = await latencies(other, new Promise((resolve) => setTimeout(resolve, 5000)));
    const stops = Promise.allSettled(names.map((name) => client.request({ Stop: { name } })));
    const busy = await latencies(other, stops);
    console.log(`undisturbed:`, JSON.stringify(quiet));
    console.log(`while ${STOPPING} apps stop:`, JSON.stringify(busy));
  }
} finally {
  for (const child of others) child.kill('SIGKILL');
  // Each ends its apps and the keeper of their output.
  for (const child of daemons) {
    if (child.exitCode !== null || !child.kill()) continue;
    await ended(child);
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
}
process.exit();
