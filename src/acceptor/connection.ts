// One client's connection: bytes in, whole frames to its line of commands, within its bounds; never a subscription.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { IpcError } from '../protocol/errors.js';
import { FrameDecoder } from '../protocol/frames.js';
import { errorFrame } from '../protocol/responses.js';
import type { Line } from './pipeline.js';
import type { ResponseWriter } from './ports.js';

/** Bounds of one connection, in bytes, commands and milliseconds. */
export interface ConnectionLimits {
  readonly maxMessageSize: number;
  readonly maxInFlight: number;
  readonly frameTimeout: number;
}

/** Unanswered request bytes a connection may have beside one message of the largest size. */
const REQUEST_SLACK = 1024 * 1024;
/** How long, in ms, what a refused client still sends is read away, so that it can read why it was refused. */
const LINGER = 1000;

/** What a connection tells its acceptor. */
export interface ConnectionHooks {
  onClosed(): void;
  /** The bytes it holds have grown or shrunk. */
  onReceivedBytes(delta: number): void;
}

/** The part of a socket that a connection touches; writing is its writer's. */
export type InputSocket = Pick<Socket, 'on' | 'pause' | 'resume' | 'destroy'>;

export class Connection<W extends ResponseWriter> {
  readonly #socket: InputSocket;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #decoder: FrameDecoder;
  readonly #hooks: ConnectionHooks;
  #line!: Line<W>;
  #state: 'open' | 'draining' | 'ended' | 'closed' = 'open';
  #paused = false;
  #pumping = false;
  /** When the frame under way began, moved on by the time in which we did not read; undefined between frames. */
  #frameBegan: number | undefined;
  #pausedAt = 0;
  #sent = false;
  #counted = 0;

  constructor(socket: InputSocket, limits: ConnectionLimits, clock: Clock, hooks: ConnectionHooks) {
    this.#socket = socket;
    this.#limits = limits;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#decoder = new FrameDecoder(limits.maxMessageSize);
  }

  /** Begins to read. */
  open(line: Line<W>): void {
    this.#line = line;
    this.#socket.on('data', (chunk: Buffer) => {
      // What a refused or ending connection still sends is read away.
      if (this.#state !== 'open') return;
      this.#decoder.push(chunk);
      this.read();
      this.#count();
    });
    this.#socket.on('end', () => this.#halfClosed());
    this.#socket.on('close', () => this.close());
  }

  /** Bytes received that belong to no answered command. */
  get receivedBytes(): number {
    return this.#state === 'closed' ? 0 : this.#decoder.buffered + this.#line.bytes;
  }

  /** Whether it was sent all that it will be, and its stream ended. */
  get allSent(): boolean {
    return this.#sent;
  }

  /** Its line may have room for more. */
  room(): void {
    if (this.#paused || this.#state === 'draining') this.read();
    this.#count();
  }

  /** Hands over whole frames as far as its bounds allow, and reads on or stops reading accordingly. */
  read(): void {
    if (this.#pumping || this.#state === 'ended' || this.#state === 'closed') return;
    this.#pumping = true;
    try {
      while (this.#hasRoom()) {
        const payload = this.#decoder.next();
        if (payload === undefined) {
          this.#caughtUp();
          return;
        }
        this.#frameBegan = undefined;
        this.#line.submit(payload);
      }
      this.#pause();
    } catch (error) {
      this.refuse(error as IpcError);
    } finally {
      this.#pumping = false;
    }
  }

  /** Reads no more, answers what was received whole, then ends. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#pause();
    this.read();
  }

  /** The sweep: a frame under way for too long ends the connection, and so does an end that makes no progress. */
  sweep(now: number): void {
    if (this.#state === 'ended' && this.#line.writer.stalledFor >= this.#limits.frameTimeout) {
      this.destroy();
      return;
    }
    if (this.#state !== 'open' || this.#paused || this.#frameBegan === undefined) return;
    if (now - this.#frameBegan < this.#limits.frameTimeout) return;
    this.refuse(
      new IpcError(
        'FRAME_TIMEOUT',
        `A frame was begun but not completed within ${this.#limits.frameTimeout} ms (timeout)`,
      ),
    );
  }

  /** While the daemon stops: whether what it is sent makes no progress. */
  stalled(grace: number): boolean {
    return this.#line.writer.stalledFor >= grace;
  }

  /** Answers what is in hand, then tells the client what it did, then closes. */
  refuse(error: IpcError): void {
    if (this.#state === 'ended' || this.#state === 'closed') return;
    this.#state = 'ended';
    this.#frameBegan = undefined;
    this.#line.whenEmpty(() => {
      this.#line.writer.respond(errorFrame(error));
      this.#line.writer.finish();
    });
  }

  /** Everything is written and the stream ended. */
  finished(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ended';
    this.#sent = true;
    this.#socket.resume();
    this.#clock.after(LINGER, () => this.destroy());
  }

  /** Cuts the connection now. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#socket.destroy();
    this.close();
  }

  /** The socket is closed. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#count();
    this.#hooks.onClosed();
  }

  #hasRoom(): boolean {
    // A frame that is whole in the decoder is counted when it is handed over, so one may lie beyond the bound.
    return (
      this.#line.length < this.#limits.maxInFlight &&
      this.#line.bytes < this.#limits.maxMessageSize + REQUEST_SLACK
    );
  }

  #caughtUp(): void {
    if (this.#state === 'draining') {
      this.#state = 'ended';
      this.#line.whenEmpty(() => this.#line.writer.finish());
      return;
    }
    if (!this.#decoder.midFrame) this.#frameBegan = undefined;
    else this.#frameBegan ??= this.#clock.now();
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#frameBegan !== undefined)
      this.#frameBegan += this.#clock.now() - Math.max(this.#pausedAt, this.#frameBegan);
    this.#socket.resume();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedAt = this.#clock.now();
    this.#socket.pause();
  }

  #halfClosed(): void {
    if (this.#state !== 'open') return;
    // Whole frames before the end are answered; a half one is nothing.
    this.#state = 'draining';
    this.read();
  }

  #count(): void {
    const bytes = this.receivedBytes;
    const delta = bytes - this.#counted;
    this.#counted = bytes;
    if (delta !== 0) this.#hooks.onReceivedBytes(delta);
  }
}
