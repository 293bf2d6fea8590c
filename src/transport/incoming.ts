// A connection's input: whole frames for the receivers that wait, and the reason for its end.
import { IpcError } from '../protocol/errors.js';
import { FrameDecoder, MAX_MESSAGE_SIZE } from '../protocol/frames.js';
import { Queue } from '../queue.js';
import { within } from '../timeout.js';

interface Receiver {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

export class Incoming {
  readonly #source: { pause(): void; resume(): void };
  readonly #decoder = new FrameDecoder(MAX_MESSAGE_SIZE);
  readonly #receiving = new Queue<Receiver>();
  /** Whether the stream of frames cannot be followed any more, or is not to be. */
  #deaf = false;
  /** Why nothing more will come; an IpcError, unless this package failed. */
  #end: unknown;

  /** @param source Is read only while a receiver waits. */
  constructor(source: { pause(): void; resume(): void }) {
    this.#source = source;
  }

  /** Takes what the client sent. Behind our own end, or a frame that is too large, it is thrown away. */
  push(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#decoder.push(chunk);
    this.#deliver();
  }

  /** The last frame has come. Whole frames that wait are still delivered. */
  end(why: IpcError): void {
    this.#end ??= why;
    this.#deliver();
  }

  /** Nothing is delivered any more. What the client still sends is read, or its end would never be seen. */
  close(why: IpcError): void {
    this.#deaf = true;
    this.#end = why;
    this.#rejectReceivers();
    this.#source.resume();
  }

  /**
   * The payload of the next whole frame.
   *
   * @param timeout In ms; 0 for ever.
   */
  next(timeout: number): Promise<Uint8Array> {
    let forget = (): void => undefined;
    const payload = new Promise<Uint8Array>((resolve, reject) => {
      const receiver = { resolve, reject };
      this.#receiving.push(receiver);
      forget = () => {
        this.#receiving.remove(receiver);
        if (this.#receiving.length === 0 && this.#end === undefined) this.#source.pause();
      };
    });
    this.#deliver();
    return within(payload, timeout, 'No whole request came', forget);
  }

  #deliver(): void {
    try {
      while (this.#receiving.length > 0 && !this.#deaf) {
        const payload = this.#decoder.next();
        if (payload === undefined) break;
        this.#receiving.shift()?.resolve(payload);
      }
    } catch (error) {
      this.#deaf = true;
      this.#end = error;
    }
    if (this.#receiving.length === 0) {
      if (this.#end === undefined) this.#source.pause();
      return;
    }
    if (this.#end === undefined) this.#source.resume();
    else this.#rejectReceivers();
  }

  #rejectReceivers(): void {
    const { code } = this.#end as Partial<IpcError>;
    const half = code === 'CONNECTION_CLOSED' && !this.#deaf && this.#decoder.midFrame;
    const error = half
      ? new IpcError('FRAME_TRUNCATED', 'The client ended the connection in the middle of a frame')
      : this.#end;
    for (const { reject } of this.#receiving.takeAll()) reject(error);
  }
}
