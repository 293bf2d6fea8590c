// The publisher of the main thread: the same credit as any other, without a thread to cross.
import type { Publish } from '../../define.js';
import type { AcceptEvents } from '../../ports.js';
import { EventPacker, unpackEvents } from '../link/event-packer.js';
import { Publisher } from '../run/publisher.js';

export class MainPublisher {
  readonly #packer = new EventPacker();
  readonly #publisher: Publisher;
  readonly #onEvents: AcceptEvents;
  #scheduled = false;

  constructor(onEvents: AcceptEvents, maxMessageSize: number, onRefused: (error: unknown) => void) {
    this.#onEvents = onEvents;
    this.#publisher = new Publisher({
      maxMessageSize,
      onRefused,
      send: (event) => {
        this.#packer.add(event);
        this.#schedule();
      },
    });
  }

  /** Bytes that wait for credit. */
  get waitingBytes(): number {
    return this.#publisher.waitingBytes;
  }

  get publish(): Publish {
    return this.#publisher.publish;
  }

  /** Hands the broker now what was published in this turn. */
  flush(): void {
    const packed = this.#packer.pack();
    if (packed) this.#onEvents(unpackEvents(packed), (bytes) => this.#publisher.release(bytes));
  }

  close(): void {
    this.#publisher.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not a microtask: with one, a publisher that only awaits publish() would never let the loop turn.
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
