// A bound on the bytes that many hold together: past it, the largest holder has to give up its own.

export interface SharedBoundOptions<T> {
  /** In bytes. */
  readonly limit: number;
  readonly holders: () => Iterable<T>;
  readonly sizeOf: (holder: T) => number;
  /** Must make the holder's bytes go, by calls of {@link SharedBound.add}, now or soon. */
  readonly evict: (holder: T) => void;
}

export class SharedBound<T> {
  readonly #options: SharedBoundOptions<T>;
  #used = 0;

  constructor(options: SharedBoundOptions<T>) {
    this.#options = options;
  }

  /** Bytes held by all together. */
  get used(): number {
    return this.#used;
  }

  /** The bytes of some holder have grown or shrunk. */
  add(delta: number): void {
    const { limit, holders, sizeOf, evict } = this.#options;
    this.#used += delta;
    if (delta <= 0 || this.#used <= limit) return;
    let largest: T | undefined;
    let largestSize = 0;
    for (const holder of holders()) {
      const size = sizeOf(holder);
      if (size <= largestSize) continue;
      largest = holder;
      largestSize = size;
    }
    if (largest !== undefined) evict(largest);
  }
}
