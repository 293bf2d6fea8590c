// Received events that were not taken yet. Dropped events are counted, and reported in their place.
import { DROPPED_EVENT_TYPE, HEARTBEAT_EVENT_TYPE } from '../protocol/events.js';
import type { IpcEvent } from '../protocol/messages.js';
import { Queue } from '../queue.js';

/** An event as a subscriber sees it. */
export type ReceivedEvent = IpcEvent['Event'];

interface Buffered {
  readonly event: ReceivedEvent;
  readonly bytes: number;
  readonly order: number;
}

export class EventBuffer {
  readonly #items = new Queue<Buffered>();
  #bytes = 0;
  /** The number of dropped events that have not been reported yet, and the order of the last of them. */
  #untold = 0;
  #untoldOrder = 0;

  /** The size, as frames, of the events in the buffer. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The order of the item that {@link shift} takes next; `Infinity` if the buffer is empty. */
  get order(): number {
    return this.#untold > 0 ? this.#untoldOrder : (this.#items.peek()?.order ?? Infinity);
  }

  /** @param order Increases from event to event; shared with other buffers whose contents are read in one order. */
  push(event: ReceivedEvent, bytes: number, order = 0): void {
    this.#items.push({ event, bytes, order });
    this.#bytes += bytes;
  }

  /**
   * Drops the oldest events until at most `limit` bytes are left; the newest one stays, whatever its size. A notice
   * that is dropped is not lost: the next notice also counts its events.
   *
   * @returns How many events were dropped that had not been dropped before.
   */
  dropDownTo(limit: number): number {
    let dropped = 0;
    while (this.#bytes > limit && this.#items.length > 1) {
      const { event, bytes, order } = this.#items.shift() as Buffered;
      this.#bytes -= bytes;
      this.#untoldOrder = order;
      if (event.event_type === DROPPED_EVENT_TYPE) {
        this.#untold += droppedIn(event);
      } else if (event.event_type !== HEARTBEAT_EVENT_TYPE) {
        this.#untold += 1;
        dropped += 1;
      }
    }
    return dropped;
  }

  /** The oldest event, or first the notice of those that were dropped before it; undefined if there is neither. */
  shift(): ReceivedEvent | undefined {
    if (this.#untold > 0) {
      const dropped = this.#untold;
      this.#untold = 0;
      return { event_type: DROPPED_EVENT_TYPE, data: { dropped } };
    }
    const item = this.#items.shift();
    this.#bytes -= item?.bytes ?? 0;
    return item?.event;
  }

  /** Forgets everything. */
  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
    this.#untold = 0;
  }
}

/** How many events a notice tells of. A number that makes no sense counts as none: the sum must not shrink or become NaN. */
export function droppedIn({ data }: ReceivedEvent): number {
  const dropped = (data as { dropped?: unknown } | null)?.dropped;
  return Number.isSafeInteger(dropped) && (dropped as number) >= 0 ? (dropped as number) : 0;
}
