// One client's connection: bytes in, whole frames to its pipeline, within its bounds. It never touches a subscription.
import type { Socket } from 'node:net';
import { IpcError } from '../protocol/errors.js';
import { FrameDecoder } from '../protocol/frames.js';
import { errorFrame } from '../protocol/responses.js';
import type { ConnectionContext } from './connection-context.js';
import { FAULT, lateFrame, LINGER, TOO_SLOW } from './farewells.js';
import { FrameClock } from './frame-clock.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOwner } from './pipeline-context.js';
import type { ResponseWriter } from './ports.js';
import { takesMore } from './request-bounds.js';

export class Connection<W extends ResponseWriter> implements PipelineOwner {
  readonly #socket: Socket;
  readonly #context: ConnectionContext<W>;
  readonly #decoder: FrameDecoder;
  readonly #pipeline: Pipeline<W>;
  readonly #frame: FrameClock;
  #state: 'open' | 'draining' | 'ended' | 'closed' = 'open';
  #paused = false;
  #reading = false;
  #sent = false;
  /** The client has been told its mistake, or will be: that is the last Error. */
  #refused = false;
  #faulty = false;
  #counted = 0;

  /** Begins to read at once. */
  constructor(
    readonly id: number,
    socket: Socket,
    context: ConnectionContext<W>,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#decoder = new FrameDecoder(context.limits.maxMessageSize);
    this.#frame = new FrameClock(context.clock);
    this.#pipeline = context.dispatcher.open(id, this, (hooks) => context.createWriter(socket, hooks));
    socket.on('data', (chunk) => this.#received(chunk));
    socket.on('end', () => this.#halfClosed());
    socket.on('close', () => this.close());
  }

  /** Bytes received that belong to no answered command. */
  get receivedBytes(): number {
    return this.#state === 'closed' ? 0 : this.#decoder.buffered + this.#pipeline.bytes;
  }

  /** Commands without an answer. */
  get commands(): number {
    return this.#pipeline.length;
  }

  /** Bytes of responses that wait to be sent. */
  get responseBytes(): number {
    return this.#pipeline.responseBytes;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#pipeline.queuedBytes;
  }

  /** Whether everything that will be sent was sent, and the stream ended. */
  get allSent(): boolean {
    return this.#sent;
  }

  /** Stops reading, answers the commands that were fully received, then ends. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#pause();
    this.#read();
  }

  /** For the last `ms` milliseconds the process could not read; this is not held against the client. */
  excuse(ms: number): void {
    this.#frame.excuse(ms);
  }

  /** Ends the connection if a frame is under way for too long, or if the end makes no progress. */
  judge(): void {
    const { frameTimeout } = this.#context.limits;
    if (this.#state === 'ended' && this.stalled(frameTimeout)) {
      this.destroy();
    } else if (this.#state === 'open' && this.#frame.age >= frameTimeout) {
      this.#refuse(lateFrame(frameTimeout));
    }
  }

  /** Whether nothing could be sent for `ms` milliseconds. */
  stalled(ms: number): boolean {
    return this.#pipeline.stalledFor >= ms;
  }

  /** Cuts the connection now. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#socket.destroy();
    this.close(!this.#sent);
  }

  /** The socket is closed. */
  close(cut = false): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#count();
    this.#pipeline.close();
    this.#context.onClosed(this.id, cut);
  }

  onProgress(): void {
    if (this.#paused || this.#state === 'draining') this.#read();
    this.#count();
  }

  onFinished(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ended';
    this.#sent = true;
    this.#linger();
  }

  /** The client gets no answers any more; it gets the reason, if it reads. If it does not, `judge` ends the connection. */
  onCut(): void {
    if (this.#state === 'closed' || this.#sent || this.#refused) return;
    this.#state = 'ended';
    this.#pipeline.abandon(TOO_SLOW);
    this.#socket.resume();
  }

  onQueuedBytes(delta: number): void {
    this.#context.onQueuedBytes(delta);
  }

  /** Tells the client only that the daemon failed, and ends the connection; the cause is reported. */
  onFault(error: unknown): void {
    this.#context.onFault(error, this.id);
    if (this.#state === 'closed') return;
    this.#state = 'ended';
    if (this.#faulty) {
      this.destroy();
      return;
    }
    this.#faulty = true;
    try {
      this.#pipeline.abandon(FAULT);
      // It ends however the writer fares.
      this.#linger();
    } catch (cause) {
      this.onFault(cause);
    }
  }

  #received(chunk: Buffer): void {
    // Whatever a refused or ending connection still sends is thrown away.
    if (this.#state !== 'open') return;
    try {
      this.#decoder.push(chunk);
      this.#read();
      this.#count();
    } catch (error) {
      this.onFault(error);
    }
  }

  /** Hands over whole frames as far as the bounds allow, and goes on reading or stops accordingly. */
  #read(): void {
    if (this.#reading || this.#state === 'ended' || this.#state === 'closed') return;
    this.#reading = true;
    try {
      while (takesMore(this.#pipeline, this.#context.limits)) {
        const payload = this.#next();
        if (payload === undefined) return;
        this.#pipeline.submit(payload);
      }
      this.#pause();
    } catch (error) {
      this.onFault(error);
    } finally {
      this.#reading = false;
    }
  }

  /** The next whole frame's payload; undefined when there is none, or the stream cannot be followed any more. */
  #next(): Uint8Array | undefined {
    let payload: Uint8Array | undefined;
    try {
      payload = this.#decoder.next();
    } catch (error) {
      // Only the decoder's verdict on the client's bytes is told to the client.
      if (!(error instanceof IpcError)) throw error;
      this.#refuse(error);
      return undefined;
    }
    if (payload === undefined) this.#caughtUp();
    else this.#frame.end();
    return payload;
  }

  /** Answers the commands in hand, then tells the client its mistake, then ends. */
  #refuse(error: IpcError): void {
    if (this.#state === 'ended' || this.#state === 'closed') return;
    this.#state = 'ended';
    this.#refused = true;
    this.#pipeline.finish(errorFrame(error));
  }

  #caughtUp(): void {
    if (this.#state === 'draining') {
      this.#state = 'ended';
      this.#pipeline.finish();
      return;
    }
    if (this.#decoder.midFrame) this.#frame.begin();
    else this.#frame.end();
    if (!this.#paused) return;
    this.#paused = false;
    this.#frame.resume();
    this.#socket.resume();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#frame.pause();
    this.#socket.pause();
  }

  #halfClosed(): void {
    if (this.#state !== 'open') return;
    // Whole frames before the end are answered; half a frame is nothing.
    this.#state = 'draining';
    this.#read();
  }

  #linger(): void {
    this.#socket.resume();
    this.#context.clock.after(LINGER, () => this.destroy());
  }

  #count(): void {
    const bytes = this.receivedBytes;
    const delta = bytes - this.#counted;
    this.#counted = bytes;
    if (delta !== 0) this.#context.onReceivedBytes(delta);
  }
}
