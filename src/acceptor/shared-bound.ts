// A bound on bytes that many hold together: past it the largest holder is told to give up its own.

export class SharedBound<T> {
  #used = 0;
  readonly #limit: number;
  readonly #holders: () => Iterable<T>;
  readonly #sizeOf: (holder: T) => number;
  readonly #evict: (holder: T) => void;

  constructor(options: {
    limit: number;
    holders(): Iterable<T>;
    sizeOf(holder: T): number;
    /** Must make the holder's bytes go, by calls of {@link add}, now or soon. */
    evict(holder: T): void;
  }) {
    this.#limit = options.limit;
    this.#holders = options.holders.bind(options);
    this.#sizeOf = options.sizeOf.bind(options);
    this.#evict = options.evict.bind(options);
  }

  /** Bytes held by all together. */
  get used(): number {
    return this.#used;
  }

  add(delta: number): void {
    this.#used += delta;
    if (delta <= 0 || this.#used <= this.#limit) return;
    let largest: T | undefined;
    let size = 0;
    for (const holder of this.#holders()) {
      if (this.#sizeOf(holder) > size) {
        largest = holder;
        size = this.#sizeOf(holder);
      }
    }
    if (largest !== undefined) this.#evict(largest);
  }
}
