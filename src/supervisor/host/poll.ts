// Polls for changes that are not signalled. All that is polled with the same pause shares a timer.

/** The most looks in one turn of a timer: of more than these, each waits for its turn, so that many do not keep the thread. */
const MOST = 100;

interface Polled {
  readonly timer: NodeJS.Timeout;
  /** The one that has waited longest comes first. */
  readonly looks: Set<{ readonly look: () => void }>;
}

const timers = new Map<number, Polled>();

/**
 * Calls `look` every `ms` milliseconds, or less often when there are more than {@link MOST}, until the returned function is
 * called. Does not keep the process alive.
 */
export function poll(ms: number, look: () => void): () => void {
  const polled = timers.get(ms) ?? begin(ms);
  const each = { look };
  polled.looks.add(each);
  return () => {
    polled.looks.delete(each);
    if (polled.looks.size > 0 || timers.get(ms) !== polled) return;
    clearInterval(polled.timer);
    timers.delete(ms);
  };
}

function begin(ms: number): Polled {
  const looks: Polled['looks'] = new Set();
  const timer = setInterval(() => {
    for (const each of [...looks].slice(0, MOST)) {
      // One of them may have ended the others.
      if (!looks.delete(each)) continue;
      looks.add(each);
      each.look();
    }
  }, ms);
  timer.unref();
  const polled = { timer, looks };
  timers.set(ms, polled);
  return polled;
}
