// A queue that removes its head in constant time; an array's shift() moves every item if the array is large.

export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The oldest item, which stays in the queue; undefined if the queue is empty. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Removes and returns the oldest item; undefined if the queue is empty. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    // The rest is moved when more than half of the array is unused, so that each item is moved once on average.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Replaces the newest item; adds the item if the queue is empty. */
  replaceLast(item: T): void {
    if (this.length === 0) this.push(item);
    else this.#items[this.#items.length - 1] = item;
  }

  /** Removes the first item that equals `item`; false if there is none. Linear in the queue's length. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#head);
    if (at === -1) return false;
    this.#items.splice(at, 1);
    return true;
  }

  /** Removes and returns all items, the oldest first. */
  takeAll(): T[] {
    const items = this.#items.slice(this.#head);
    this.clear();
    return items;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** The items from the oldest to the newest; they stay in the queue. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let at = this.#head; at < this.#items.length; at += 1) yield this.#items[at] as T;
  }
}
