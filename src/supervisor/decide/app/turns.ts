// Runs actions one after the other, in the order in which they were given. One that fails holds up none of the others.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs an action when all before it have ended; settles as it does. */
  run<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
