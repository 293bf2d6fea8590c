// Samples what apps use every few seconds, so that a status tells the processor's use over the last seconds.
import type { Clock } from '../../clock.js';

/** Milliseconds between samples. */
const SAMPLE_EVERY = 5000;

/** Samples again and again, as long as its thread lives. A sample that fails is reported and is not the last. */
export function watchUsage(clock: Clock, sample: () => void, onFault: (error: unknown) => void): void {
  clock.after(SAMPLE_EVERY, () => {
    try {
      sample();
    } catch (error) {
      onFault(error);
    }
    watchUsage(clock, sample, onFault);
  });
}
