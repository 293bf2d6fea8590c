// A loop over what comes. Its return() and throw() end it at once; an async generator's wait for the value under way.

/** Where a loop's values come from. */
export interface LoopSource<T> {
  /** The next value; undefined after the last one, or when the loop was left. */
  next(): Promise<T | undefined>;
  /** The loop is left or has ended: a pending `next` resolves. Called once. */
  leave(): Promise<void>;
}

export class Loop<T> implements AsyncGenerator<T, void, void> {
  readonly #source: LoopSource<T>;
  #left: Promise<void> | undefined;
  /** Several calls of next() are served one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: LoopSource<T>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, void>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async return(): Promise<IteratorResult<T, void>> {
    await this.#leave();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.#leave();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<IteratorResult<T, void>> {
    if (this.#left) return { done: true, value: undefined };
    try {
      const value = await this.#source.next();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      await this.#leave();
      throw error;
    }
    return this.return();
  }

  #leave(): Promise<void> {
    this.#left ??= this.#source.leave();
    return this.#left;
  }
}
