// The watcher's process, where there are no FIFOs to keep: `watcher.js STATE-DIRECTORY HELLO`. It starts a daemon again that has died.
import type { DaemonHello, ToWatcher } from '../model/watcher-messages.js';
import { isOwned } from '../state/owner.js';
import { stateFiles } from '../state/paths.js';
import { DaemonWatch } from './daemon-watch.js';
import { logLine } from './log-line.js';

const KEEP_ALIVE = 3600_000;

/** A process that a daemon is at the other end of: the parent's, or that of a daemon which was started here. */
interface Channel {
  readonly connected: boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

/** @param hello Of the parent: a message would be lost if that died before this module was loaded. */
function main(directory: string, hello: DaemonHello): void {
  const { givenUp, daemonLog } = stateFiles(directory);
  process.on('uncaughtException', (error) => {
    logLine(daemonLog, 'error', `the watcher of the daemon has failed: ${error.stack}`);
    process.exit(1);
  });
  const watch = new DaemonWatch({
    givenUp,
    daemonLog,
    onGivenUp: () => process.exit(),
    // A daemon that a command has started has a watcher of its own.
    isReplaced: () => isOwned(directory),
    onStarted: (daemon) => attend(daemon, watch),
  });
  attend(process, watch, hello);
  // The processes that are started are waited for, but keep nothing alive by themselves.
  setInterval(() => undefined, KEEP_ALIVE);
}

/** The end of the channel is the daemon's, whatever it died of, unless it has said that it leaves. */
function attend(channel: Channel, watch: DaemonWatch, parent?: DaemonHello): void {
  let daemon = parent;
  channel.on('message', (message) => {
    const { hello, leave } = message as ToWatcher;
    if (hello !== undefined) {
      daemon = hello;
      watch.arrived();
    } else if (leave === true) process.exit();
  });
  const over = (): void => {
    // The end of a daemon that has not said hello is seen too. Its environment is that of this process, since one has
    // started the other.
    if (daemon !== undefined) watch.died(daemon.pid, daemon.again, null);
  };
  if (channel.connected) channel.once('disconnect', over);
  else over();
}

main(process.argv[2] as string, JSON.parse(process.argv[3] as string) as DaemonHello);
