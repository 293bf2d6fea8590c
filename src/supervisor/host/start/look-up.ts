// Look-ups in folders that may be on a network: off the main thread and with a deadline. A look-up that hangs keeps one of
// the few threads that Node has for files until the kernel gives up, so only a few may hang at once.

/** How long, in ms, a look-up may take. */
const DEADLINE = 5000;
/** Node has four threads for files by default. */
const MOST_HANGING = 2;

export class LookUps {
  readonly #deadline: number;
  readonly #hanging = new Set<string>();

  constructor(deadline = DEADLINE) {
    this.#deadline = deadline;
  }

  /**
   * Runs a look-up, which may use one thread at a time.
   *
   * @param place Where it looks. While a look-up hangs in a place, no other one is made there.
   * @throws {Error} with the code `ETIMEDOUT` if there is no answer in time; or what the look-up rejects with.
   */
  async run<T>(place: string, look: () => Promise<T>): Promise<T> {
    if (this.#hanging.has(place)) throw late(`${place} has not answered since an earlier start`);
    if (this.#hanging.size >= MOST_HANGING)
      throw late(
        `${[...this.#hanging].join(' and ')} do not answer, and nothing is started until one of them does`,
      );
    const found = look();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#hanging.add(place);
        const over = (): void => void this.#hanging.delete(place);
        found.then(over, over);
        reject(late(`${place} did not answer within ${this.#deadline / 1000} s`));
      }, this.#deadline);
    });
    try {
      return await Promise.race([found, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function late(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
