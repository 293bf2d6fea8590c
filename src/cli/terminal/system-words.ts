// Sentences of the help and of messages that differ on Windows: what is true of the system that this runs on.

/** Whether this is Windows. The commands ask nobody else. */
export const onWindows = process.platform === 'win32';

const on = (windows: string, elsewhere: string): string => (onWindows ? windows : elsewhere);

export const STOP_HELP = on(
  'Stops apps: a Node app gets the message "shutdown", any other the end of its stdin. After its stop timeout each one is\nended with its descendants. They stay stopped.',
  "Stops apps: SIGTERM to each one's process and then to its group, SIGKILL after its stop timeout. They stay stopped.",
);

export const STOP_TIMEOUT_HELP = on(
  'how long it may take to end when it is asked to (default 10s)',
  'how long it may take to end after SIGTERM (default 10s)',
);

export const USER_HELP = on('refused on Windows', 'run it as another user or group');

export const KILL_ESCAPED_HELP_TEXT = on(
  'without effect on Windows, where such processes cannot be found',
  'also end processes that an app started and that have left its process group',
);

export const DAEMON_END_HELP = on(
  `Ctrl-C, Ctrl-Break and the end of the console stop the apps, each with its own timeout, and end the daemon. A second one
leaves them running. When the daemon dies in another way, it is started again in the background, unless BUNCTL_RESPAWN
is 0.`,
  `SIGTERM and Ctrl-C stop the apps, each with its own timeout, and end the daemon. A second one leaves them running.
When the daemon dies in another way, it is started again in the background, unless a service manager of the system runs
it or BUNCTL_RESPAWN is 0.`,
);

/** What an endpoint is. */
export const SOCKET = on('pipe', 'socket');

/** A Node that reads without bound from a pipe; see docs/platforms.md. */
export function nodeProblems(version: string, windows: boolean = onWindows): string[] {
  if (!windows || parseInt(version) >= 22) return [];
  return [`A daemon on Windows needs Node 22 or later, and this is Node ${version}; install a later one.`];
}
