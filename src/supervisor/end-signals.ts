// The signals that end the daemon. Imports nothing: they are caught before anything else is loaded.

/** How long, in ms, after the first signal another one is a copy of it: `timeout` and npm send theirs twice. */
const SAME_REQUEST = 300;

export interface EndSignals {
  /** Resolves when the daemon is to end: with the first SIGTERM or SIGINT, or with {@link request}. */
  readonly first: Promise<void>;
  /** Whether {@link first} has resolved. */
  readonly received: () => boolean;
  /** Has the daemon end as a first signal does. */
  readonly request: () => void;
  /**
   * The action for a second signal, which comes 300 ms or more after the first. Until this is called it ends the process at
   * once, with exit code 130.
   */
  readonly onSecond: (act: () => void) => void;
}

/**
 * Catches SIGTERM, SIGINT and SIGHUP from now on, for the life of the process; on Windows SIGBREAK too.
 *
 * @param now Monotonic time in ms.
 */
export function catchEndSignals(
  platform: string = process.platform,
  now: () => number = () => performance.now(),
): EndSignals {
  let receivedAt: number | undefined;
  let second = (): void => process.exit(130);
  let resolve!: () => void;
  const first = new Promise<void>((done) => {
    resolve = done;
  });
  const request = (): void => {
    receivedAt ??= now();
    resolve();
  };
  const onSignal = (): void => {
    if (receivedAt === undefined) request();
    else if (now() - receivedAt >= SAME_REQUEST) second();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // A closed terminal is not a reason to end. A closed console on Windows ends the process some seconds later.
  process.on('SIGHUP', platform === 'win32' ? onSignal : () => undefined);
  if (platform === 'win32') process.on('SIGBREAK', onSignal);
  return {
    first,
    received: () => receivedAt !== undefined,
    request,
    onSecond: (act) => {
      second = act;
    },
  };
}
