// Time as an argument: actors take a Clock, so that tests can drive them without waiting.

/** Monotonic time and timers. */
export interface Clock {
  /** Milliseconds since an arbitrary start. Never goes backwards. */
  now(): number;
  /** Calls `action` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
}

/** The longest delay of Node's timers, in ms; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** By `process.hrtime`: Node loads `performance` when it is first used, which takes 3 ms of a short command's start. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/**
 * A timer that is due calls its action after the loop has read its input again. So if the process was stopped, or its loop
 * was late, the input that arrived meanwhile is read before any deadline is judged. (Node runs due timers first; the
 * check phase, where immediates run, follows the poll phase.)
 */
function realClock({ keepsAlive }: { readonly keepsAlive: boolean }): Clock {
  return {
    now,
    after(ms, action) {
      let immediate: NodeJS.Immediate | undefined;
      const timer = setTimeout(() => {
        immediate = setImmediate(action);
      }, ms);
      if (!keepsAlive) timer.unref();
      return () => {
        clearTimeout(timer);
        clearImmediate(immediate);
      };
    },
  };
}

/** The real clock. Its timers never keep the process alive. */
export const systemClock = realClock({ keepsAlive: false });

/** The real clock for a caller that waits: its timers keep the process alive. */
export const waitingClock = realClock({ keepsAlive: true });
