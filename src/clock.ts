// Time as an argument: actors take a Clock, so that tests drive them without waiting.

/** Monotonic time and timers. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards. */
  now(): number;
  /** Calls `action` once after `ms` milliseconds; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, action: () => void): () => void;
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
