// One client of a run: the library's own, or bytes on a socket.
import type { IpcClient } from '#dist/client/client.js';
import type { Subscription } from '#dist/client/subscription.js';
import type { Conversation } from '../check/conversation.js';
import type { Window } from '../check/events.js';
import { frameOf } from '../check/frames.js';
import type { Ledger, Request } from '../check/ledger.js';
import type { Step } from '../plan/plan.js';
import type { VirtualSocket } from '../virtual/socket.js';
import type { World } from '../virtual/world.js';

type StepOf<K extends Step['step']> = Extract<Step, { step: K }>;

/** What both kinds of client do. Each method runs in a turn of the client's own loop. */
export interface Client {
  readonly conversation: Conversation;
  readonly socket: VirtualSocket;
  request(request: Request, step: StepOf<'request'>): void;
  subscribe(step: StepOf<'subscribe'>): void;
  unsubscribe(): void;
  garbage(kind: StepOf<'garbage'>['kind']): void;
  hangUp(how: StepOf<'hangUp'>['how']): void;
  /** Its reader takes no event for `ms` milliseconds. */
  rest(ms: number): void;
  /** What it still waits for; undefined when nothing. */
  readonly waitsFor: string | undefined;
}

const messageOf = (request: Request, { command, size }: StepOf<'request'>) =>
  ({ [command]: { name: `${request.id} ${'x'.repeat(size)}` } }) as { Stop: { name: string } };

const subscribe = ({ kind, app }: StepOf<'subscribe'>) =>
  ({ [kind]: { app_name: app } }) as { AllEvents: { app_name: string | null } };

/** Writes bytes, and reads everything. */
export class RawClient implements Client {
  readonly waitsFor = undefined;
  #mute = false;

  constructor(
    readonly socket: VirtualSocket,
    readonly conversation: Conversation,
  ) {
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('end', () => socket.end());
  }

  request(request: Request, step: StepOf<'request'>): void {
    this.#send(messageOf(request, step));
  }

  subscribe(step: StepOf<'subscribe'>): void {
    this.#send({ Subscribe: { subscription: subscribe(step) } });
  }

  unsubscribe(): void {
    this.#send('Unsubscribe');
  }

  garbage(kind: StepOf<'garbage'>['kind']): void {
    if (kind === 'malformed') this.#send({ Nothing: 1 });
    else {
      const frame = frameOf('x'.repeat(3000));
      if (kind === 'half') frame.writeUInt32LE(50);
      this.#write(frame.subarray(0, 30));
      this.#mute = true;
      this.conversation.slow = true;
      this.conversation.asksNoMore = true;
    }
  }

  hangUp(how: StepOf<'hangUp'>['how']): void {
    if (how === 'halfClose') {
      this.conversation.asksNoMore = true;
      this.socket.end();
      return;
    }
    this.conversation.hungUp = true;
    if (how === 'reset') this.socket.reset();
    else this.socket.destroy();
  }

  /** It has no reader. */
  rest(): void {}

  #send(message: unknown): void {
    this.#write(frameOf(JSON.stringify(message)));
  }

  #write(bytes: Uint8Array): void {
    if (!this.#mute && !this.socket.writableEnded && !this.socket.destroyed) this.socket.write(bytes);
  }
}

/** A subscription of a client of the library, and what its reader got. */
interface Reading {
  readonly subscription: Subscription;
  window: Window | undefined;
  /** Events read, and events told as dropped. */
  got: number;
  over: boolean;
}

/** The library's client, whose promises are all looked at. */
export class LibraryClient implements Client {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #client: IpcClient;
  readonly #readings: Reading[] = [];
  #pending = 0;
  #accepted = 0;
  #restsUntil = 0;

  constructor(
    world: World,
    ledger: Ledger,
    client: IpcClient,
    readonly socket: VirtualSocket,
    readonly conversation: Conversation,
  ) {
    this.#world = world;
    this.#ledger = ledger;
    this.#client = client;
  }

  get waitsFor(): string | undefined {
    if (this.#pending > 0) return `${this.#pending} promises of client ${this.conversation.client}`;
    const last = this.#readings.at(-1);
    if (!last?.window || last.over || this.#client.closed || this.conversation.current !== last.window)
      return undefined;
    const { matched } = last.window;
    return matched === last.got
      ? undefined
      : `client ${this.conversation.client} has ${last.got} of ${matched} events`;
  }

  request(request: Request, step: StepOf<'request'>): void {
    const settled = (message?: string): void => {
      this.#pending -= 1;
      this.#ledger.settled(request, message);
    };
    this.#pending += 1;
    this.#client.request(messageOf(request, step), { timeout: step.timeout }).then(
      (answer) => settled('Success' in answer ? answer.Success.message : ''),
      () => settled(),
    );
  }

  subscribe(step: StepOf<'subscribe'>): void {
    const subscription = this.#client.subscribe(subscribe(step));
    const reading: Reading = { subscription, window: undefined, got: 0, over: false };
    this.#readings.push(reading);
    this.#pending += 1;
    subscription.ready
      .then(
        () => {
          reading.window = this.conversation.told[this.#accepted];
          this.#accepted += 1;
        },
        () => undefined,
      )
      .finally(() => (this.#pending -= 1))
      .catch(() => undefined);
    this.#read(reading);
  }

  unsubscribe(): void {
    const reading = this.#readings.at(-1);
    if (!reading) return;
    reading.over = true;
    this.#pending += 1;
    reading.subscription.close().then(
      () => (this.#pending -= 1),
      () => (this.#pending -= 1),
    );
  }

  /** The library sends none. */
  garbage(): void {}

  hangUp(how: StepOf<'hangUp'>['how']): void {
    this.conversation.hungUp = true;
    if (how === 'reset') this.socket.reset();
    else if (how === 'vanish') this.socket.destroy();
    else {
      this.#pending += 1;
      const drain = how === 'halfClose' ? 500 : 0;
      this.#client.close({ drain }).then(
        () => (this.#pending -= 1),
        () => (this.#pending -= 1),
      );
    }
  }

  rest(ms: number): void {
    this.#restsUntil = this.#world.now + ms;
  }

  #read(reading: Reading): void {
    if (this.#world.now < this.#restsUntil) {
      this.socket.owner.after(this.#restsUntil, () => this.#read(reading));
      return;
    }
    reading.subscription.next().then(
      ({ value, done }) => {
        if (done === true) {
          reading.over = true;
          return;
        }
        const { event_type: type, data } = value as { event_type: string; data: { dropped: number } };
        reading.got += type === 'events_dropped' ? data.dropped : 1;
        if (reading.window && reading.got > reading.window.matched)
          this.#world.fail(`client ${this.conversation.client} got ${reading.got} events, and fewer matched`);
        this.#read(reading);
      },
      () => {
        reading.over = true;
      },
    );
  }
}
