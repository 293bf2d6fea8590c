// Callers that wait for a value, served in the order in which they asked.

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Waits; `forget` takes the caller out of the line, and its promise then stays pending. */
  wait(): { readonly promise: Promise<T>; readonly forget: () => void } {
    let waiter: Waiter<T> | undefined;
    const promise = new Promise<T>((resolve, reject) => {
      waiter = { resolve, reject };
      this.#waiting.add(waiter);
    });
    return { promise, forget: () => this.#waiting.delete(waiter as Waiter<T>) };
  }

  /** Gives a value to the caller that has waited longest; false if no caller waits. */
  give(value: T): boolean {
    const [first] = this.#waiting;
    if (!first) return false;
    this.#waiting.delete(first);
    first.resolve(value);
    return true;
  }

  /** Removes all waiting callers, and resolves or rejects each. */
  endAll(end: (waiter: Waiter<T>) => void): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) end(waiter);
  }
}
