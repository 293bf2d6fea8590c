// The receiver of events, as the answers so far say, and the subscription whose Subscribe was written last.
import type { IpcError } from '../protocol/errors.js';
import type { IpcEvent } from '../protocol/messages.js';
import type { Silence } from './silence.js';
import type { ClientSubscription } from './subscription.js';

export class EventRoute {
  readonly #silence: Silence;
  readonly #reading: () => boolean;
  /** The subscription that the daemon accepted last; undefined while events are for the inbox. */
  #current: ClientSubscription | undefined;
  /** The subscription whose Subscribe was written last, without an Unsubscribe behind it. */
  #latest: ClientSubscription | undefined;

  /** @param reading Whether the socket is read now. */
  constructor(silence: Silence, reading: () => boolean) {
    this.#silence = silence;
    this.#reading = reading;
  }

  /** Whether the subscription holds as much as it may. */
  get full(): boolean {
    return this.#current?.full === true;
  }

  /** Whether the subscription has room again. */
  get roomy(): boolean {
    return this.#current?.roomy ?? true;
  }

  /** Gives an event to the subscription; false if there is none, so that the event is for the inbox. */
  receive({ Event: event }: IpcEvent, bytes: number, drop: boolean): boolean {
    this.#current?.receive(event, bytes, drop);
    return this.#current !== undefined;
  }

  /** A Subscribe was written; undefined for an Unsubscribe, or a Subscribe whose events are for the inbox. */
  written(by: ClientSubscription | undefined): void {
    this.#latest = by;
  }

  isLatest(subscription: ClientSubscription): boolean {
    return this.#latest === subscription;
  }

  /**
   * The daemon has accepted a Subscribe or an Unsubscribe: the subscription before ends there.
   *
   * @param by The subscription that was accepted; undefined for an Unsubscribe, and for a Subscribe whose events are for the inbox.
   * @param subscribed Whether events come from now on.
   */
  accepted(by: ClientSubscription | undefined, subscribed = by !== undefined): void {
    const former = this.#current;
    this.#current = by;
    if (former !== by) former?.over();
    if (subscribed) this.#silence.watch(this.#reading);
    else this.#silence.stop();
  }

  /**
   * The daemon has refused a Subscribe and keeps the subscription that it had.
   *
   * @returns Whether that subscription is not wanted any more, so that Unsubscribe has to be written.
   */
  refused(by: ClientSubscription | undefined): boolean {
    if (this.#latest !== by) return false;
    this.#latest = this.#current?.open ? this.#current : undefined;
    return this.#current !== undefined && this.#latest === undefined;
  }

  /** The connection is over. */
  over(error: IpcError): void {
    this.#silence.stop();
    this.#current?.over(error);
    this.#latest?.over(error);
  }
}
