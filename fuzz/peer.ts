// A connection that sends bytes as it is told, and takes answers apart by a reader of the tests' own.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameReader } from '../test/support/frames.js';

/** The time, in ms, within which an answer must come. */
const DEADLINE = 20_000;

export class Peer {
  readonly #answers: unknown[] = [];
  readonly #reader = new FrameReader();
  readonly #socket: Socket;
  #ended = false;
  #fault: unknown;
  #wake = (): void => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      try {
        for (const frame of this.#reader.push(chunk))
          if (!('Event' in (frame as object))) this.#answers.push(frame);
      } catch (error) {
        this.#fault = error;
      }
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    for (const event of ['end', 'close', 'error']) socket.on(event, end);
  }

  static async connect(path: string): Promise<Peer> {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Peer(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  halfClose(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** This number of answers, or fewer if the stream ends before. */
  async take(count: number): Promise<unknown[]> {
    await this.#until(() => this.#answers.length >= count || this.#ended, `${count} answers`);
    return this.#answers.splice(0, count);
  }

  /** Every answer up to the end of the stream. */
  async rest(): Promise<unknown[]> {
    await this.#until(() => this.#ended, 'the end of the stream');
    return this.#answers.splice(0);
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + DEADLINE;
    const timer = setTimeout(() => this.#wake(), DEADLINE);
    try {
      while (!condition()) {
        if (performance.now() >= deadline)
          throw new Error(`not within ${DEADLINE} ms: ${what}; ${this.#answers.length} are there`);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#fault) throw new Error('the daemon sent bytes that are not JSON', { cause: this.#fault });
  }
}
