// Ends what a leader has left in its process group, which would hold the app's ports.
import { poll } from './poll.js';
import { groupLives, sendSignal } from '../system/processes.js';

/** Milliseconds between looks whether anything is left. */
const LOOK_EVERY = 50;

/**
 * SIGTERM for all that is left of a group, SIGKILL after so many ms. Calls `onGone` once nothing is, at once when that
 * is so already; the returned function ends the looks.
 */
export function endGroup(group: number, patience: number, onGone: () => void): (() => void) | undefined {
  if (!groupLives(group)) {
    onGone();
    return undefined;
  }
  const killAt = performance.now() + patience;
  sendSignal(-group, 'SIGTERM');
  let killed = false;
  const unwatch = poll(LOOK_EVERY, () => {
    if (!groupLives(group)) {
      unwatch();
      onGone();
    } else if (!killed && performance.now() >= killAt) {
      killed = true;
      sendSignal(-group, 'SIGKILL');
    }
  });
  return unwatch;
}
