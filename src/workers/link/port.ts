// A port between main and a lane or a service: between threads a MessagePort, between processes a name on their channel.
import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

/** The part of a MessagePort that lanes, services and Comlink use. */
export type Port = Pick<MessagePort, 'postMessage' | 'on' | 'off' | 'once' | 'close'>;

/** A message of a channel: the name of the port that it is for, and what was posted; without it, the port was closed. */
export interface ChannelMessage {
  readonly port: string;
  readonly posted?: { readonly message: unknown };
}

/** Many ports over one connection between two processes. Values are copied: nothing can be transferred or shared. */
export class Channel {
  readonly #ports = new Map<string, ChannelPort>();
  readonly #send: (message: ChannelMessage) => void;

  /** @param send Sends a message to the other process. It throws what cannot be copied. */
  constructor(send: (message: ChannelMessage) => void) {
    this.#send = send;
  }

  /** The port of this name. Messages that come before it is asked for the first time are lost. */
  open(name: string): Port {
    const port = new ChannelPort(
      (message) => this.#send({ port: name, posted: { message } }),
      () => {
        if (this.#ports.delete(name)) this.#send({ port: name });
      },
    );
    this.#ports.set(name, port);
    return port as unknown as Port;
  }

  /** Takes a message of the other process. Messages for a port that is not open are ignored. */
  receive(received: unknown): void {
    const { port: name, posted } = received as Partial<ChannelMessage>;
    const port = typeof name === 'string' ? this.#ports.get(name) : undefined;
    if (port === undefined) return;
    if (posted !== undefined) port.emit('message', posted.message);
    else this.#closed(name as string, port);
  }

  /** The other process is gone: closes every port here. */
  end(): void {
    for (const [name, port] of [...this.#ports]) this.#closed(name, port);
  }

  #closed(name: string, port: ChannelPort): void {
    this.#ports.delete(name);
    port.emit('close');
  }
}

class ChannelPort extends EventEmitter {
  readonly postMessage: (message: unknown) => void;
  readonly #close: () => void;

  constructor(post: (message: unknown) => void, close: () => void) {
    super();
    this.postMessage = (message) => post(message);
    this.#close = close;
  }

  close(): void {
    this.#close();
    this.emit('close');
  }
}
