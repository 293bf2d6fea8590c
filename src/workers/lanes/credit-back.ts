// Gathers the credit of a turn, so that a publisher in another thread hears of it once.

export class CreditBack {
  #bytes = 0;
  readonly #tell: (bytes: number) => void;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  /** Bound, so that it can be handed to the broker. */
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
