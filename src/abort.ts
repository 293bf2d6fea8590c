// One listener on a signal, however many wait for it: with a listener for each, Node warns of a leak at the eleventh.

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

/**
 * Waits for a promise until the signal aborts, and rejects with its reason then.
 *
 * @param undo Called with a value that comes after that; must not throw or reject.
 */
export function unlessAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  undo: (late: T) => void | Promise<void>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const given = (): void => reject(signal.reason as Error);
    if (signal.aborted) given();
    const stop = onAbort(signal, given);
    promise.then(
      (value) => {
        stop();
        if (signal.aborted) return undo(value);
        resolve(value);
        return undefined;
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}
