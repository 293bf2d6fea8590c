// What came for whoever uses send() and recv(): frames in order, and those who wait for the next one.
import type { IpcError } from '../protocol/errors.js';
import type { IpcResponse } from '../protocol/messages.js';
import { within } from '../timeout.js';

interface Receiver {
  readonly resolve: (response: IpcResponse) => void;
  readonly reject: (error: IpcError) => void;
}

export class Inbox {
  readonly #frames: { readonly response: IpcResponse; readonly bytes: number }[] = [];
  readonly #receivers = new Set<Receiver>();
  #bytes = 0;
  #used = false;
  #end: IpcError | undefined;

  /** Bytes, as frames, of what waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether events without a subscription are for it. */
  get used(): boolean {
    return this.#used;
  }

  use(): void {
    this.#used = true;
  }

  push(response: IpcResponse, bytes: number): void {
    const [receiver] = this.#receivers;
    if (receiver) {
      this.#receivers.delete(receiver);
      receiver.resolve(response);
      return;
    }
    this.#frames.push({ response, bytes });
    this.#bytes += bytes;
  }

  /** The next frame; rejects after `timeout` ms, 0 for never, or at the connection's end. */
  next(timeout: number): Promise<IpcResponse> {
    this.#used = true;
    const waiting = this.#frames.shift();
    if (waiting) {
      this.#bytes -= waiting.bytes;
      return Promise.resolve(waiting.response);
    }
    if (this.#end) return Promise.reject(this.#end);
    let receiver: Receiver | undefined;
    const frame = new Promise<IpcResponse>((resolve, reject) => {
      receiver = { resolve, reject };
      this.#receivers.add(receiver);
    });
    return within(frame, timeout, 'Nothing came', () => this.#receivers.delete(receiver as Receiver));
  }

  /** Nothing more will come; what waits can still be taken. */
  end(error: IpcError): void {
    this.#end = error;
    for (const { reject } of this.#receivers) reject(error);
    this.#receivers.clear();
  }
}
