// Starts and ends the bench's processes: servers that report when they are ready, and load generators that report their results.
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';

const here = (file) => new URL(file, import.meta.url).pathname;

/** Starts one of our servers; `stop` ends it. */
export async function startServer(file, path, ...args) {
  rmSync(path, { force: true });
  const child = fork(here(`servers/${file}`), [path, ...args], { execArgv: ['--expose-gc'] });
  await once(child, 'message');
  return {
    path,
    stop: () => ended(child),
    /** Resident bytes after a garbage collection. */
    async memory() {
      child.send('memory');
      const [bytes] = await once(child, 'message');
      return bytes;
    },
  };
}

/** Starts Redis on a Unix socket; undefined if Redis is not installed. */
export async function startRedis(path) {
  if (spawnSync('redis-server', ['--version']).error) return undefined;
  rmSync(path, { force: true });
  const limits = ['--client-output-buffer-limit', 'pubsub', '0', '0', '0'];
  const options = [
    '--port',
    '0',
    '--unixsocket',
    path,
    '--save',
    '',
    '--appendonly',
    'no',
    '--maxclients',
    '5000',
    ...limits,
  ];
  const child = spawn('redis-server', options, { stdio: 'ignore', cwd: '/' });
  for (let tries = 0; tries < 200; tries += 1) {
    if (await answers(path)) return { path, stop: () => ended(child) };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await ended(child);
  throw new Error('redis-server did not open its socket within 5 s');
}

/** Runs one load generator to its end and returns its result. */
export async function load(task) {
  const child = fork(here('load.js'), [JSON.stringify(task)]);
  const [{ result }] = await Promise.race([once(child, 'message'), early(child)]);
  await ended(child);
  return result;
}

/** Idle connections. They are open when `open` resolves, until `close()`. */
load.idle = ({ path, connections }) => {
  const child = fork(here('load.js'), [JSON.stringify({ kind: 'idle', path, connections })]);
  return {
    open: Promise.race([once(child, 'message'), early(child)]),
    async close() {
      child.send('close');
      await once(child, 'message');
      await ended(child);
    },
  };
};

function early(child) {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the load generator ended with code ${code} before it had a result`);
  });
  exited.catch(() => undefined);
  return exited;
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
