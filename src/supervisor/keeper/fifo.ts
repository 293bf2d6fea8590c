// Reads one FIFO until nobody can write to it any more. What is read is handed on in the same turn: nothing waits here.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** One buffer for all FIFOs: a reader uses up what it was given before it returns. 64 KiB is what a pipe holds. */
const shared = Buffer.allocUnsafe(64 * 1024);
/** A flood never ends: a drain reads at most this many buffers, as much as the largest pipe holds without privileges. */
const DRAIN_ROUNDS = 16;

export class Fifo {
  readonly #onText: (text: string) => void;
  readonly #onEnd: () => void;
  readonly #fd: number;
  readonly #identity: Stats;
  #socket: Socket | undefined;
  #ended = false;

  /**
   * @param way Its path, or a link of /proc to it.
   * @param onText Called with bytes, each as the character of its number.
   * @param onEnd Called once, in a later turn, when no process has the FIFO open for writing.
   * @throws The error of open(2).
   */
  constructor(way: string, onText: (text: string) => void, onEnd: () => void) {
    this.#onText = onText;
    this.#onEnd = onEnd;
    const noLink = way.startsWith('/proc/') ? 0 : constants.O_NOFOLLOW;
    this.#fd = openSync(way, constants.O_RDONLY | constants.O_NONBLOCK | noLink);
    try {
      this.#identity = fstatSync(this.#fd);
      if (!this.#identity.isFIFO()) throw new Error(`${way} is not a FIFO`);
      this.#socket = this.#listen();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    // A FIFO that nobody has open for writing tells of no end.
    setImmediate(() => this.drain());
  }

  /** Whether it is this file that is read. */
  reads({ ino, dev }: Stats): boolean {
    return this.#identity.ino === ino && this.#identity.dev === dev;
  }

  /** Reads what is in the FIFO now. */
  drain(): void {
    for (let round = 0; round < DRAIN_ROUNDS && !this.#ended; round += 1) {
      let length: number;
      try {
        length = readSync(this.#fd, shared);
      } catch {
        // It is empty (EAGAIN). Any other error comes to the socket as well.
        return;
      }
      if (length === 0) {
        this.#end();
        return;
      }
      this.#onText(shared.toString('latin1', 0, length));
    }
  }

  close(): void {
    this.#ended = true;
    this.#socket?.destroy();
  }

  #listen(): Socket {
    // The types know `onread` for connect() alone; the constructor takes it as well.
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      fd: this.#fd,
      readable: true,
      writable: false,
      onread: {
        buffer: shared,
        callback: (length) => {
          if (!this.#ended) this.#onText(shared.toString('latin1', 0, length));
          return true;
        },
      },
    };
    const socket = new Socket(options);
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    return socket;
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#onEnd();
  }
}
