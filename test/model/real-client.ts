// A real connection that gives each frame to its model, and stops at the first frame that the model refuses.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frame, FrameReader } from '../support/frames.js';
import { until } from '../support/until.js';
import { ClientModel } from './client-model.js';

/** The time, in ms, within which everything must come that is due. */
const DEADLINE = 20_000;

export class RealClient {
  readonly model = new ClientModel();
  /** Whether it takes what comes. */
  reading = true;
  readonly #reader = new FrameReader();
  readonly #socket: Socket;
  #ended = false;
  #fault: Error | undefined;

  private constructor(
    readonly name: string,
    socket: Socket,
  ) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#received(chunk));
    socket.on('end', () => (this.#ended = true));
    socket.on('error', (error) => (this.#fault ??= error));
  }

  static async connect(path: string, name: string): Promise<RealClient> {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RealClient(name, socket);
  }

  write(payload: string): void {
    this.#socket.write(frame(payload));
  }

  stopReading(): void {
    this.reading = false;
    this.#socket.pause();
  }

  resume(): void {
    this.reading = true;
    this.#socket.resume();
  }

  /** Everything that is due has come. */
  async settled(): Promise<void> {
    await this.#until(() => this.model.settled);
  }

  /** Every request is answered. */
  async answered(): Promise<void> {
    await this.#until(() => this.model.waiting === 0);
  }

  /** Closes its half, reads what is due, and sees the end of the stream. */
  async halfClose(): Promise<void> {
    this.resume();
    this.#socket.end();
    await this.#until(() => this.#ended);
    this.model.ends();
    this.vanish();
  }

  vanish(): void {
    this.#socket.destroy();
  }

  /** Throws the first fault, if there was one. */
  check(): void {
    if (this.#fault) throw new Error(`${this.name}: ${this.#fault.message}`, { cause: this.#fault });
  }

  async #until(condition: () => boolean): Promise<void> {
    const done = (): boolean => {
      this.check();
      return condition() || this.#ended;
    };
    await until(done, 'everything is there', DEADLINE).catch((error: unknown) => {
      this.check();
      throw new Error(`${this.name} ${this.model.state()}: ${(error as Error).message}`, { cause: error });
    });
    if (!condition()) throw new Error(`${this.name}: the stream ended, ${this.model.state()}`);
  }

  #received(chunk: Buffer): void {
    try {
      for (const json of this.#reader.push(chunk)) this.model.receives(json);
    } catch (error) {
      this.#fault ??= error as Error;
      this.#socket.destroy();
    }
  }
}
