// The keeper's process: `keeper.js STATE-DIRECTORY`. It ends when neither a daemon nor an app is left.
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { KeeperRequest } from '../model/keeper-messages.js';
import { KEEPER_SOCKET, stateFiles } from '../state/paths.js';
import { logLine } from './log-line.js';
import { Keeper } from './keeper.js';
import { serve } from './server.js';

/** How long, in ms, a keeper waits for the daemon that has started it. */
const PATIENCE = 30_000;

async function main(directory: string): Promise<void> {
  // A socket's path may have 107 bytes, and a state directory may be deeper than that.
  process.chdir(directory);
  // The machine shuts down, or a terminal: apps still print until they are ended.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('uncaughtException', (error) => {
    logLine(stateFiles(directory).daemonLog, 'error', `the keeper of the output has failed: ${error.stack}`);
    process.exit(1);
  });
  if (await answers()) return;
  rmSync(KEEPER_SOCKET, { force: true });
  const end = (): never => {
    try {
      rmSync(KEEPER_SOCKET, { force: true });
    } finally {
      process.exit();
    }
  };
  const keeper = new Keeper(directory, () => setImmediate(end));
  let connected = false;
  // For the socket alone: a daemon that is started again has the umask of the first one's caller, as its apps do.
  const umask = process.umask(0o077);
  await serve(KEEPER_SOCKET, {
    onRequest: (request, peer) => {
      connected = true;
      return keeper.request(request as unknown as KeeperRequest, peer);
    },
    onEnd: (peer) => keeper.ended(peer),
  });
  process.umask(umask);
  setTimeout(() => {
    if (!connected) end();
  }, PATIENCE).unref();
}

/** Whether another keeper is there: two would share what an app prints between them. */
function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(KEEPER_SOCKET);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

await main(process.argv[2] as string);
