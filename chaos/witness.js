// The witness: it asks all the time, and every request must get its answer.
import { setTimeout as delay } from 'node:timers/promises';
import { AnswerError, IpcClient } from 'bunctl-ipc/client';

/** The time, in ms, within which every answer must come. */
const DEADLINE = 20_000;
/** The pause, in ms, between a request and the next. */
const GAP = 5;

export class Witness {
  answered = 0;
  /** The answers that were an `Error`, by code. */
  refused = {};
  /** Requests whose connection ended while the fault was one that ends connections. */
  cut = 0;
  lost = [];
  /** The longest time, in ms, that an answer took. */
  worst = 0;
  /** The numbers of the requests that were answered with success. */
  done = [];
  /** Resolves when it has its first answer. How long that took is not counted: it had to connect. */
  begun;
  #begin;
  #client;
  #stopped = false;
  #asked = 0;
  #options;
  #running;

  /**
   * @param ask Makes the request with this number.
   * @param check Whether an answer is the right one to the request with this number.
   * @param allowed Codes of errors that the fault may cause.
   * @param cuts Whether the fault may end connections.
   * @param fresh Whether each request has a connection of its own.
   */
  constructor(path, { ask, check, allowed = [], cuts = false, fresh = false }) {
    this.#options = { path, ask, check, allowed, cuts, fresh };
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    this.#running = this.#run();
  }

  /** Resolves when its last request is answered. */
  async stop() {
    this.#stopped = true;
    await this.#running;
  }

  async #run() {
    while (!this.#stopped) {
      await this.#one();
      if (this.#options.fresh || this.#client?.closed) await this.#leave();
      await delay(GAP);
    }
    await this.#leave();
  }

  async #one() {
    const { path, ask, check, allowed, cuts } = this.#options;
    const number = (this.#asked += 1);
    const began = performance.now();
    try {
      this.#client ??= await IpcClient.connect(path, { timeout: DEADLINE, retry: 'absent' });
      const answer = await this.#client.request(ask(number), { timeout: DEADLINE });
      if (!check(answer, number)) throw new Error(`a wrong answer: ${JSON.stringify(answer).slice(0, 200)}`);
      this.done.push(number);
      this.answered += 1;
    } catch (error) {
      if (error instanceof AnswerError && allowed.includes(error.code)) {
        this.refused[error.code] = (this.refused[error.code] ?? 0) + 1;
        this.answered += 1;
      } else if (cuts && ['CONNECTION_CLOSED', 'FRAME_TRUNCATED'].includes(error.code)) {
        this.cut += 1;
      } else {
        this.lost.push(`request ${number}: ${error.code ?? ''} ${error.message}`);
        await this.#leave();
      }
    }
    if (number > 1) this.worst = Math.max(this.worst, performance.now() - began);
    this.#begin();
  }

  async #leave() {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }
}
