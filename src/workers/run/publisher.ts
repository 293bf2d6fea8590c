// The publisher's end of the credit: encodes an event once, and sends it when the broker's window has space for it.
import { Buffer } from 'node:buffer';
import { errorToData, IpcError } from '../../protocol/errors.js';
import {
  DROPPED_EVENT_TYPE,
  type EventInput,
  eventText,
  HEARTBEAT_EVENT_TYPE,
  LONGEST_APP_NAME,
} from '../../protocol/events.js';
import { frameTooLarge, HEADER_BYTES } from '../../protocol/frames.js';
import type { OutgoingEvent } from '../link/event-packer.js';

/** Bytes of events that a publisher may have sent and the broker not routed; as many again may wait. */
export const PUBLISH_WINDOW = 1024 * 1024;

interface Waiting {
  readonly event: OutgoingEvent;
  readonly resolve: () => void;
  readonly reject: (error: IpcError) => void;
}

const RESOLVED = Promise.resolve();

/** A credit window and the queue before it, as a state machine: no clock, no transport. */
export class Publisher {
  #credit: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #closed: IpcError | undefined;
  readonly #window: number;
  readonly #send: (event: OutgoingEvent) => void;
  readonly #maxMessageSize: number;
  readonly #onRefused: (error: unknown) => void;

  constructor(options: {
    send(event: OutgoingEvent): void;
    /** Is told of each event that was refused, whether its publisher awaits it or not. */
    onRefused(error: unknown): void;
    maxMessageSize: number;
    window?: number;
  }) {
    this.#window = options.window ?? PUBLISH_WINDOW;
    this.#credit = this.#window;
    this.#send = options.send.bind(options);
    this.#onRefused = options.onRefused.bind(options);
    this.#maxMessageSize = options.maxMessageSize;
  }

  /** Bytes that wait for credit. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** See `CommandContext.publish`. Bound, so that handlers may take it out of their context. */
  readonly publish = (event: EventInput): Promise<void> => {
    let published: Promise<void>;
    try {
      published = this.#publish(encode(event, this.#maxMessageSize));
    } catch (error) {
      published = Promise.reject(error instanceof IpcError ? error : unreadable(error));
    }
    // A publisher that does not await loses the event; an unhandled rejection would end the thread.
    if (published !== RESOLVED) published.catch(this.#onRefused);
    return published;
  };

  #publish(event: OutgoingEvent): Promise<void> {
    if (this.#closed) throw this.#closed;
    const bytes = HEADER_BYTES + event.size;
    if (this.#waiting.length === 0 && this.#admits(bytes)) {
      this.#credit -= bytes;
      this.#send(event);
      return RESOLVED;
    }
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes > this.#window) {
      throw new IpcError(
        'PUBLISH_OVERRUN',
        `${this.#waitingBytes} bytes of events wait for the broker already; await publish() before publishing more`,
      );
    }
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => this.#waiting.push({ event, resolve, reject }));
  }

  /** The broker has routed this many bytes. */
  release(bytes: number): void {
    this.#credit += bytes;
    let sent = 0;
    for (const { event, resolve } of this.#waiting) {
      const size = HEADER_BYTES + event.size;
      if (!this.#admits(size)) break;
      this.#credit -= size;
      this.#waitingBytes -= size;
      this.#send(event);
      resolve();
      sent += 1;
    }
    if (sent > 0) this.#waiting.splice(0, sent);
  }

  /** Stops taking events, and rejects those that wait. */
  close(): void {
    if (this.#closed) return;
    this.#closed = new IpcError('PUBLISH_CLOSED', 'The daemon is closed; nothing can be published any more');
    for (const { reject } of this.#waiting) reject(this.#closed);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  // An event larger than the window is sent when nothing else is under way.
  #admits(bytes: number): boolean {
    return bytes <= this.#credit || this.#credit === this.#window;
  }
}

/** A value that is not an object, or one with a getter that throws. */
function unreadable(cause: unknown): IpcError {
  return new IpcError('EVENT_INVALID', `An event cannot be read: ${errorToData(cause).message}`, { cause });
}

function encode({ eventType, appName, data }: EventInput, maxMessageSize: number): OutgoingEvent {
  if (typeof eventType !== 'string')
    throw new IpcError('EVENT_INVALID', 'An event needs an eventType that is a string');
  if (eventType === DROPPED_EVENT_TYPE || eventType === HEARTBEAT_EVENT_TYPE)
    throw new IpcError('EVENT_INVALID', `An event cannot be of type ${eventType}: that is the broker's own`);
  if (appName !== undefined && appName !== null && typeof appName !== 'string') {
    throw new IpcError('EVENT_INVALID', `Event ${eventType} has an appName that is not a string`);
  }
  if (appName && appName.length > LONGEST_APP_NAME)
    throw new IpcError(
      'EVENT_INVALID',
      `Event ${eventType} has an appName of more than ${LONGEST_APP_NAME} characters`,
    );
  const text = eventText(eventType, data);
  const size = Buffer.byteLength(text);
  if (size > maxMessageSize) {
    throw new IpcError('EVENT_INVALID', `Event ${eventType}: ${frameTooLarge(size, maxMessageSize).message}`);
  }
  return { eventType, appName: appName ?? null, text, size };
}
