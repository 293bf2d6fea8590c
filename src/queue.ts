// A queue that gives up its head in constant time; an array's shift() moves every item once the array is large.

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

  /** Takes the oldest item out; undefined if the queue is empty. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    // Moved up when more than half of the array is used up, so that each item is moved once on average.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Puts another item in the place of the newest; adds it if the queue is empty. */
  replaceLast(item: T): void {
    if (this.length === 0) this.push(item);
    else this.#items[this.#items.length - 1] = item;
  }

  /** Takes the first item equal to `item` out, wherever it is; whether there was one. Linear in the queue's length. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#head);
    if (at === -1) return false;
    this.#items.splice(at, 1);
    return true;
  }

  /** Takes all items out, the oldest first. */
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
