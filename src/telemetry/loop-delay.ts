// Measures how late this thread's loop is, over the last ten to twenty seconds.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How late a loop came to its timers, in ms, over the last 10 to 20 s. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Milliseconds between two samples. Each one wakes the thread, and two monitors take them. */
const RESOLUTION = 20;
/** Milliseconds after which the older monitor begins anew. */
const WINDOW = 10_000;

export class LoopMonitor {
  /** Two, which begin anew in turns: the older one always has a whole window. */
  #older = monitor();
  #newer = monitor();
  readonly #turns = setInterval(() => {
    [this.#older, this.#newer] = [this.#newer, this.#older];
    this.#newer.reset();
  }, WINDOW).unref();

  delay(): LoopDelay {
    const measured = this.#older;
    return {
      p50: late(measured.percentile(50)),
      p99: late(measured.percentile(99)),
      max: late(measured.max),
    };
  }

  stop(): void {
    clearInterval(this.#turns);
    this.#older.disable();
    this.#newer.disable();
  }
}

function monitor(): IntervalHistogram {
  const started = monitorEventLoopDelay({ resolution: RESOLUTION });
  started.enable();
  return started;
}

/** The delay behind a sample, which is the time between two timers in ns. Rounded to µs. */
function late(sample: number): number {
  return Math.max(0, Math.round(sample / 1000 - RESOLUTION * 1000) / 1000);
}
