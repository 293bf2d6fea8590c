// The model of one client: it says of each frame whether it may come now. It knows nothing of sockets.
type Frame =
  | { readonly Success: { readonly message: string } }
  | { readonly Error: { readonly message: string; readonly code: string } }
  | { readonly Event: { readonly event_type: string; readonly data: { n: number; dropped: number } } };

/** The answer that a request must get. */
interface Due {
  readonly message: string;
  /** The code of the only right `Error`; undefined if it must be a `Success`. */
  readonly code: string | undefined;
  /** Its lane may have died while it ran. */
  unknown: boolean;
  readonly then: () => void;
}

export class ClientModel {
  readonly #due: Due[] = [];
  /** The numbers of the events that matched the subscription; undefined without a subscription. */
  #matched: number[] | undefined;
  #app: string | null = null;
  /** How many of these were delivered or told to be dropped. */
  #accounted = 0;
  #told = 0;

  /** Requests without an answer. */
  get waiting(): number {
    return this.#due.length;
  }

  get subscribed(): boolean {
    return this.#matched !== undefined;
  }

  /** Events told to be dropped, of all subscriptions. */
  get dropped(): number {
    return this.#told;
  }

  /** Whether all its requests are answered and all its events accounted for. */
  get settled(): boolean {
    return this.waiting === 0 && this.#accounted === (this.#matched?.length ?? 0);
  }

  /** A request was sent whose answer must be this `Success`, or an `Error` with this code. */
  sends(message: string, code?: string, then = (): void => undefined): void {
    this.#due.push({ message, code, unknown: false, then });
  }

  /** The answer begins a subscription, and ends the one before. */
  sendsSubscribe(app: string | null): void {
    this.sends('Subscribed to events', undefined, () => {
      this.#end();
      this.#app = app;
      this.#matched = [];
    });
  }

  sendsUnsubscribe(): void {
    this.sends('Unsubscribed from events', undefined, () => this.#end());
  }

  /** A lane is killed: what may be running in it may have an unknown outcome. */
  laneKilled(): void {
    for (const due of this.#due) due.unknown = true;
  }

  published(n: number, app: string): void {
    if (this.#app === null || this.#app === app) this.#matched?.push(n);
  }

  /** Throws when this frame must not come now. */
  receives(frame: unknown): void {
    const came = frame as Frame;
    if ('Event' in came) this.#event(came.Event.event_type, came.Event.data);
    else this.#answer(came);
  }

  /** The stream ended at a moment at which the client had asked for its end. Throws when something is missing. */
  ends(): void {
    if (!this.settled) throw new Error(`the stream ended, ${this.state()}`);
  }

  state(): string {
    const events = `${this.#accounted} of ${this.#matched?.length ?? 0} events`;
    return `with ${this.waiting} answers due (${this.#due[0]?.message.slice(0, 40) ?? ''}) and ${events}`;
  }

  #answer(frame: Exclude<Frame, { Event: unknown }>): void {
    const due = this.#due.shift();
    if (!due) throw new Error(`an answer to no request: ${JSON.stringify(frame)}`);
    const unknown = due.unknown && 'Error' in frame && frame.Error.code === 'COMMAND_OUTCOME_UNKNOWN';
    const right =
      'Error' in frame
        ? frame.Error.code === due.code
        : due.code === undefined && frame.Success.message === due.message;
    if (!right && !unknown)
      throw new Error(`${JSON.stringify(frame).slice(0, 200)} answers ${due.message.slice(0, 40)}`);
    if (right) due.then();
  }

  #event(type: string, { n, dropped }: { n: number; dropped: number }): void {
    if (!this.#matched) throw new Error(`an event ${type} without a subscription`);
    if (type === 'heartbeat') return;
    if (type === 'events_dropped') {
      this.#accounted += dropped;
      this.#told += dropped;
      if (this.#accounted > this.#matched.length) throw new Error(`${dropped} dropped are more than matched`);
      return;
    }
    const expected = this.#matched[this.#accounted];
    if (n !== expected) throw new Error(`event ${n} came in place of ${String(expected)}`);
    this.#accounted += 1;
  }

  /** The subscription is over: each event that matched must have been delivered or told before. */
  #end(): void {
    if (this.#matched && this.#accounted !== this.#matched.length)
      throw new Error(
        `${this.#accounted} of ${this.#matched.length} events before the end of a subscription`,
      );
    this.#matched = undefined;
    this.#accounted = 0;
  }
}
