// Collects the credit of a turn, so that a publisher in another thread is told once.

export class CreditBack {
  #bytes = 0;
  readonly #tell: (bytes: number) => void;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  /** Bound, since it is handed to the broker. */
  readonly add = (bytes: number): void => {
    if (this.#bytes === 0) {
      queueMicrotask(() => {
        const all = this.#bytes;
        this.#bytes = 0;
        this.#tell(all);
      });
    }
    this.#bytes += bytes;
  };
}
