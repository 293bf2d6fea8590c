// A socket between two actors, with the part of Node's net.Socket that the actors use; both halves may be open alone.
import { EventEmitter } from 'node:events';
import type { Actor } from './actor.js';
import { type Done, Pipe } from './pipe.js';
import type { World } from './world.js';

export class VirtualSocket extends EventEmitter {
  readonly #world: World;
  readonly out: Pipe;
  readonly in: Pipe;
  destroyed = false;
  /** Whether `close` was emitted. */
  closed = false;
  readableEnded = false;
  writableFinished = false;
  #ending = false;
  /** As in Node: undefined until somebody reads or says not to. */
  #flowing: boolean | undefined;
  /** Sees what is written, before it leaves. */
  onWrite: (bytes: Uint8Array) => void = () => undefined;
  onEnd: () => void = () => undefined;
  onDestroyed: () => void = () => undefined;

  constructor(
    world: World,
    readonly owner: Actor,
    into: Pipe,
    out: Pipe,
  ) {
    super();
    this.#world = world;
    this.in = into;
    this.out = out;
    world.sockets.add(this);
  }

  get writableEnded(): boolean {
    return this.#ending;
  }

  get writableLength(): number {
    return this.out.unsent;
  }

  override on(event: string, listener: (...args: never[]) => void): this {
    super.on(event, listener as (...args: unknown[]) => void);
    if (event === 'data' && this.#flowing === undefined) this.resume();
    return this;
  }

  resume(): this {
    this.#flowing = true;
    this.wake();
    return this;
  }

  pause(): this {
    this.#flowing = false;
    return this;
  }

  cork(): void {}
  uncork(): void {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  write(bytes: Uint8Array, done?: Done): boolean {
    if (this.destroyed || this.#ending) {
      const error = new Error(this.destroyed ? 'write after destroy' : 'write after end');
      process.nextTick(() => done?.(error));
      if (!this.destroyed) this.destroy(error);
      return false;
    }
    this.onWrite(bytes);
    this.out.write(bytes, done);
    return true;
  }

  end(bytes?: Uint8Array): this {
    if (this.destroyed || this.#ending) return this;
    if (bytes) this.write(bytes);
    this.#ending = true;
    this.onEnd();
    this.out.end();
    return this;
  }

  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  destroy(error?: Error): this {
    this.#destroy(error, false);
    return this;
  }

  /** Ends the connection so that the other side finds an error. */
  reset(): void {
    this.#destroy(undefined, true);
  }

  /** For the world. */
  close(): void {
    this.destroy();
  }

  /** Input may be there. */
  wake(): void {
    if (this.#flowing === true && this.#hasInput) this.owner.ready(this);
  }

  take(): boolean {
    if (this.#flowing !== true || this.destroyed) return false;
    const chunk = this.in.read();
    if (chunk) {
      this.emit('data', Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      return this.#hasInput && this.#flowing;
    }
    if (this.in.wasReset) {
      this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    } else if (this.in.ended && !this.readableEnded) {
      this.readableEnded = true;
      this.emit('end');
      this.#bothEnded();
    }
    return false;
  }

  /** Everything that was written is on its way, and the end too. */
  flushed(): void {
    this.owner.post(() => {
      if (this.destroyed) return;
      this.writableFinished = true;
      this.emit('finish');
      this.#bothEnded();
    });
  }

  /** The other side is gone. */
  broke(): void {
    this.owner.post(() => this.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })));
  }

  get #hasInput(): boolean {
    return !this.destroyed && (this.in.underWay > 0 || (this.in.ended && !this.readableEnded));
  }

  #bothEnded(): void {
    if (this.readableEnded && this.writableFinished) this.destroy();
  }

  #destroy(error: Error | undefined, reset: boolean): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#world.sockets.delete(this);
    this.onDestroyed();
    // As in the kernel: bytes that nobody has read break the connection.
    this.out.abandon(reset || this.in.underWay > 0);
    this.in.break();
    process.nextTick(() => {
      if (error) this.emit('error', error);
      this.closed = true;
      this.emit('close');
    });
  }
}

/** Two sockets that are joined. */
export function connectSockets(
  world: World,
  client: Actor,
  server: Actor,
  capacity: number,
): { readonly client: VirtualSocket; readonly server: VirtualSocket } {
  const up = new Pipe(world, client, capacity);
  const down = new Pipe(world, server, capacity);
  const ends = {
    client: new VirtualSocket(world, client, down, up),
    server: new VirtualSocket(world, server, up, down),
  };
  join(up, ends.client, ends.server);
  join(down, ends.server, ends.client);
  return ends;
}

function join(pipe: Pipe, sender: VirtualSocket, reader: VirtualSocket): void {
  pipe.join({
    onInput: () => reader.wake(),
    onFlushed: () => sender.flushed(),
    onBroken: () => sender.broke(),
  });
}
