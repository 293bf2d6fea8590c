// The generation of an app's log: a number that grows whenever one of its files is begun, emptied or put aside.

export class Generation {
  /** Greater than those of a former keeper. */
  #now = Date.now();

  get now(): number {
    return this.#now;
  }

  /**
   * Begins the next one, and returns it.
   *
   * @param former One that it is to be greater than.
   */
  next(former: number): number {
    this.#now = Math.max(Date.now(), this.#now + 1, former + 1);
    return this.#now;
  }
}
