// A client that knows bytes only: what it sends is what the test wrote, what it gets is what came.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One frame: u32 little-endian length, then the payload. */
export function frame(payload: string | Uint8Array): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Takes frames apart by a decoder of the tests' own, so that no fault of the library's hides behind itself. */
export class FrameReader {
  #held: Buffer[] = [];
  #bytes = 0;
  /** The number of bytes that a whole frame needs at least. */
  #needed = 4;

  /** Whether a part of a frame came after the last whole one. */
  get midFrame(): boolean {
    return this.#bytes > 0;
  }

  /** The payloads that are whole with this chunk, as JSON. */
  push(chunk: Buffer): unknown[] {
    this.#held.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return [];
    const frames: unknown[] = [];
    let rest = Buffer.concat(this.#held);
    for (this.#needed = 4; rest.length >= 4; this.#needed = 4) {
      this.#needed = 4 + rest.readUInt32LE(0);
      if (rest.length < this.#needed) break;
      frames.push(JSON.parse(rest.toString('utf8', 4, this.#needed)));
      rest = rest.subarray(this.#needed);
    }
    this.#held = [rest];
    this.#bytes = rest.length;
    return frames;
  }
}

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
