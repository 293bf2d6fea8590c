// Runs steps, each in a turn of Node's own loop, so that every microtask of a step is done before the next one.

/** Immediates that are set at once. Node runs the microtasks between two of them, and does not poll. */
const BATCH = 128;

/** Calls `step` until it returns false; between two calls every microtask and every `nextTick` has run. Rejects with what it throws. */
export function eachTurn(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = 0;
    let over = false;
    const turn = (): void => {
      left -= 1;
      if (over) return;
      try {
        over = !step();
      } catch (error) {
        over = true;
        reject(error);
        return;
      }
      if (over) resolve();
      else if (left === 0) setBatch();
    };
    const setBatch = (): void => {
      for (; left < BATCH; left += 1) setImmediate(turn);
    };
    setBatch();
  });
}
