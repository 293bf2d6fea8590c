// One listener on a signal, however many wait for it: with a listener for each, Node warns of a leak at the eleventh.
import { waitAtMost } from './timeout.js';

/** What is to be done when a signal aborts; a signal is here while there is anything. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `action` once when the signal aborts, on the stack of the code that aborts it; it must not throw. A signal
 * that has aborted already calls nothing.
 *
 * @returns Takes the action back; when the last one is taken back, nothing is left on the signal.
 */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal === undefined || signal.aborted) return () => undefined;
  const actions = waiting.get(signal) ?? listen(signal);
  // A function of its own, so that an action that was given twice is there twice.
  const own = (): void => action();
  actions.add(own);
  return () => {
    actions.delete(own);
    if (actions.size > 0 || waiting.get(signal) !== actions) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', callAll);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const actions = new Set<() => void>();
  waiting.set(signal, actions);
  signal.addEventListener('abort', callAll, { once: true });
  return actions;
}

function callAll(this: AbortSignal): void {
  const actions = waiting.get(this);
  waiting.delete(this);
  for (const action of actions ?? []) action();
}

/** How long, in ms, a rejection waits for the end of the work that was begun. */
const UNDO_TIME = 1000;

/**
 * Waits for a promise until the signal aborts. Then it rejects with the signal's reason, as soon as the work that was
 * begun has ended, or after {@link UNDO_TIME}: a file system that does not answer may hold the work up for ever.
 *
 * @param undo Called with a value that comes after the abort; must not throw or reject.
 */
export async function unlessAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  undo: (late: T) => unknown,
): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    const given = (): void => resolve(undefined);
    if (signal.aborted) given();
    else stop = onAbort(signal, given);
  });
  try {
    const come = await Promise.race([promise.then((value) => ({ value })), aborted]);
    if (come && !signal.aborted) return come.value;
  } finally {
    stop();
  }
  // The promise's own rejection is not reported: the signal's reason came first.
  const undone = promise.then(undo, () => undefined);
  await waitAtMost(undone, UNDO_TIME, () => undefined);
  throw signal.reason;
}
