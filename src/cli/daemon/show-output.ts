// Shows what apps print while a daemon runs in the foreground: by a `bunctl logs -f` on the same stdout.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The pipe that the kernel closes with this process, in whatever way it ends. */
const LIFELINE = 'pipe';
/** The variable that has `logs` end when its stdin does. */
const ENDS_WITH_STDIN = 'BUNCTL_ENDS_WITH_STDIN';

/** Called by `logs`: ends this process with the daemon that started it to show its output. */
export function endWithDaemon(): void {
  if (process.env[ENDS_WITH_STDIN] !== '1') return;
  process.stdin.on('close', () => process.exit()).resume();
}

/** How long, in ms, the last lines may take to be shown when the daemon ends. */
const LAST_LINES = 300;

/**
 * Shows the output of all apps from now on. A process of its own does it, since a stdout that nobody reads blocks
 * whoever writes to it.
 *
 * @returns Ends it, when the last lines are shown.
 */
export function showOutput(socketPath: string): () => Promise<void> {
  const args = [...process.execArgv, process.argv[1] as string];
  const child = spawn(
    process.execPath,
    [...args, 'logs', '--follow', '--lines', '0', '--socket', socketPath],
    {
      // The signals of the terminal are for the daemon, which ends this process last.
      detached: true,
      stdio: [LIFELINE, 'inherit', 'ignore'],
      env: { ...process.env, [ENDS_WITH_STDIN]: '1' },
    },
  );
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    const settle = (): void => {
      ended = true;
      resolve();
    };
    child.once('exit', settle);
    child.once('error', settle);
  });
  return async () => {
    if (ended) return;
    await sleep(LAST_LINES);
    child.kill('SIGKILL');
    await gone;
  };
}
