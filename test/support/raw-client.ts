// A client that knows bytes only: what it sends is what the test wrote, what it gets is what came.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { frame, FrameReader } from './frames.js';

export { frame, FrameReader };

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export class RawClient {
  readonly #frames: unknown[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #reader = new FrameReader();
  #ended = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      for (const json of this.#reader.push(chunk)) this.#frames.push(json);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  static async connect(path: string): Promise<RawClient> {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    return new RawClient(socket);
  }

  /** Frames that came and were not taken. */
  get waiting(): number {
    return this.#frames.length;
  }

  /** Whether a part of a frame came after the last whole one. */
  get midFrame(): boolean {
    return this.#reader.midFrame;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(...bytes: Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  send(...messages: unknown[]): void {
    this.write(...messages.map((message) => frame(JSON.stringify(message))));
  }

  /** The next frame's JSON; undefined at the end of the stream. */
  async next(): Promise<unknown> {
    while (this.#frames.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#frames.shift();
  }

  async take(count: number): Promise<unknown[]> {
    const taken: unknown[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  async request(message: unknown): Promise<unknown> {
    this.send(message);
    return this.next();
  }

  /** Every frame up to the end of the stream. */
  async rest(): Promise<unknown[]> {
    const frames: unknown[] = [];
    for (let next = await this.next(); next !== undefined; next = await this.next()) frames.push(next);
    return frames;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
