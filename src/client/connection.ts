// The connection under a client: frames in and out, the receiver of each frame, when to read, and the end.
import type { Socket } from 'node:net';
import { systemClock } from '../clock.js';
import type { IpcError } from '../protocol/errors.js';
import { FrameDecoder, HEADER_BYTES } from '../protocol/frames.js';
import { encodeJsonFrame, parseJson } from '../protocol/json.js';
import type { IpcAnswer, IpcMessage, IpcResponse } from '../protocol/messages.js';
import { checkResponse } from '../protocol/responses.js';
import { Condition } from './condition.js';
import { broken, closed, closedBy, endOfStream, silent, unreadable } from './endings.js';
import { EventRoute } from './event-route.js';
import { FrameUnderWay } from './frame-under-way.js';
import { Inbox } from './inbox.js';
import type { ResolvedOptions } from './options.js';
import { Outgoing } from './outgoing.js';
import { type Answer, type Asked, Requests } from './requests.js';
import { Silence } from './silence.js';
import { ClientSubscription } from './subscription.js';

/** How long, in ms, the daemon may take for what it was sent once the connection is closed, before it is cut. */
const LINGER = 1000;

type SettledOptions = Pick<ResolvedOptions, 'maxMessageSize' | 'eventBuffer' | 'heartbeatTimeout'>;

export class Connection {
  readonly #socket: Socket;
  readonly #options: SettledOptions;
  readonly #decoder: FrameDecoder;
  readonly #outgoing: Outgoing;
  readonly #idle: Condition = new Condition(
    () => !this.#requests.awaited && !(this.#inbox.awaited && this.#requests.length > 0),
  );
  readonly #frame: FrameUnderWay;
  readonly #requests = new Requests(systemClock, this.#idle.look, () => this.#frame.grows());
  readonly #inbox: Inbox;
  readonly #silence: Silence;
  readonly #route: EventRoute;
  readonly #gone: Promise<void>;
  readonly whenClosed: Promise<IpcError>;
  #onClosed: (why: IpcError) => void = () => undefined;
  #closed: IpcError | undefined;
  #paused = false;

  constructor(socket: Socket, options: SettledOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#outgoing = new Outgoing(socket);
    this.#decoder = new FrameDecoder(options.maxMessageSize);
    this.#frame = new FrameUnderWay(this.#decoder);
    this.#inbox = new Inbox(options.eventBuffer);
    this.#silence = new Silence(options.heartbeatTimeout, () => this.#end(silent(options.heartbeatTimeout)));
    this.#route = new EventRoute(this.#silence, () => !this.#paused);
    this.whenClosed = new Promise((resolve) => (this.#onClosed = resolve));
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', (cause) => this.#end(broken(cause)));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#end(closed('The connection was closed')));
  }

  /** Why the connection is over, if it is. */
  get closed(): IpcError | undefined {
    return this.#closed;
  }

  /** @throws {IpcError} See `IpcClient.request`. */
  ask(message: IpcMessage, asked: Asked): Promise<IpcAnswer> {
    const frame = this.#encode(message);
    const onAnswer = asked.onAnswer ?? this.#effectOf(message);
    const answer = this.#requests.ask({ ...asked, onAnswer });
    this.#outgoing.write(frame);
    this.#readOn();
    return answer;
  }

  /** Resolves when the kernel has the request; its answer is for the inbox. */
  async send(message: IpcMessage): Promise<void> {
    this.#inbox.use();
    const frame = this.#encode(message);
    const effect = this.#effectOf(message);
    this.#requests.expect((answer, bytes) => {
      effect?.(answer);
      this.#inbox.pushAnswer(answer, bytes);
    });
    return new Promise((resolve, reject) =>
      this.#outgoing.write(frame, (cause) => {
        if (cause) reject(this.#closed ?? broken(cause));
        else resolve();
      }),
    );
  }

  recv(timeout: number): Promise<IpcResponse> {
    const next = this.#inbox.next(timeout);
    next.then(this.#idle.look, this.#idle.look);
    this.#readOn();
    return next;
  }

  /** @param timeout For the answers to Subscribe and Unsubscribe, in ms; 0 for none. */
  subscribe(request: IpcMessage, timeout: number, signal: AbortSignal | undefined): ClientSubscription {
    const host = {
      subscribe: async (from: ClientSubscription): Promise<void> => {
        const onAnswer = (answer: Answer): void => {
          if ('Success' in answer) this.#route.accepted(from);
          else this.#refused(from);
        };
        const answered = this.ask(request, { timeout, onAnswer });
        this.#route.written(from);
        await answered;
      },
      unsubscribe: async (from: ClientSubscription): Promise<void> => {
        if (!this.#route.isLatest(from)) return;
        this.#route.written(undefined);
        await this.#unsubscribe(timeout);
      },
      onRoom: (): void => this.#readOn(),
    };
    return new ClientSubscription(host, this.#options.eventBuffer, signal);
  }

  /** Takes no further requests. Resolves when no caller waits for an answer, in ask() or, behind a send(), in recv(). */
  drain(): Promise<void> {
    this.#outgoing.refuse(closed('The client is closing; nothing new can be sent'));
    return this.#idle.met();
  }

  close(): Promise<void> {
    this.#end(closed('The client closed the connection'), this.#requests.length > 0);
    return this.#gone;
  }

  /** Whether the connection keeps the process alive. */
  keepAlive(keeps: boolean): void {
    this.#socket[keeps ? 'ref' : 'unref']();
  }

  #encode(message: IpcMessage): Uint8Array {
    if (this.#closed) throw this.#closed;
    const frame = encodeJsonFrame(message, this.#options.maxMessageSize);
    this.#outgoing.check(frame.byteLength);
    this.#requests.checkRoom();
    return frame;
  }

  /** What a Subscribe or Unsubscribe that came by request() or send() changes when it has succeeded. */
  #effectOf(message: IpcMessage): ((answer: Answer) => void) | undefined {
    const name = typeof message === 'string' ? message : Object.keys(message)[0];
    if (name !== 'Subscribe' && name !== 'Unsubscribe') return undefined;
    // Its events are for recv().
    if (name === 'Subscribe') this.#inbox.use();
    this.#route.written(undefined);
    return (answer) => this.#answeredByHand(answer, name === 'Subscribe');
  }

  #answeredByHand(answer: Answer, subscribed: boolean): void {
    if ('Success' in answer) this.#route.accepted(undefined, subscribed);
    if ('Error' in answer) this.#refused(undefined);
  }

  #unsubscribed(answer: Answer): void {
    if ('Success' in answer) this.#route.accepted(undefined);
  }

  #refused(by: ClientSubscription | undefined): void {
    if (!this.#route.refused(by)) return;
    this.#requests.expect((answer) => this.#unsubscribed(answer));
    this.#outgoing.write(encodeJsonFrame('Unsubscribe'));
  }

  /**
   * Writes Unsubscribe. It is never refused: without it events would come for ever. Never rejects; resolves when it is
   * answered, the daemon is late, or the connection is gone.
   */
  #unsubscribe(timeout: number): Promise<unknown> {
    if (this.#closed) return Promise.resolve();
    const answer = this.#requests.ask({ timeout, onAnswer: (answer) => this.#unsubscribed(answer) });
    this.#outgoing.write(encodeJsonFrame('Unsubscribe'));
    return answer.catch(() => undefined);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#silence.heard();
    this.#decoder.push(chunk);
    try {
      for (let payload = this.#decoder.next(); payload; payload = this.#decoder.next()) {
        this.#frame.ended();
        this.#dispatch(checkResponse(parseJson(payload)), payload.byteLength + HEADER_BYTES);
        if (this.closed) return;
      }
    } catch (error) {
      this.#end(unreadable(error));
      return;
    }
    if (this.#paused || this.#wanted || !this.#full) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #dispatch(response: IpcResponse, bytes: number): void {
    if ('Event' in response) {
      if (this.#route.receive(response, bytes, this.#wanted)) return;
      if (this.#inbox.used) this.#inbox.pushEvent(response, bytes, this.#wanted);
    } else if (!this.#requests.answer(response, bytes)) {
      if (this.#inbox.used) this.#inbox.pushAnswer(response, bytes);
      // Unasked: the daemon says why it will close.
      else if ('Error' in response) this.#end(closedBy(response));
    }
  }

  /** Whether a caller waits for an answer, so that reading goes on however many events wait. */
  get #wanted(): boolean {
    return (this.#requests.awaited && !this.#inbox.fullOfAnswers) || this.#inbox.awaited;
  }

  get #full(): boolean {
    return this.#route.full || this.#inbox.bytes >= this.#options.eventBuffer;
  }

  #readOn(): void {
    if (!this.#paused || this.#closed) return;
    const roomy = this.#route.roomy && this.#inbox.bytes <= this.#options.eventBuffer / 2;
    if (!roomy && !this.#wanted) return;
    this.#paused = false;
    this.#silence.heard();
    this.#socket.resume();
  }

  #ended(): void {
    if (this.#closed) this.#socket.destroySoon();
    else this.#end(endOfStream(this.#decoder.midFrame));
  }

  /** @param linger Whether the daemon may first do what it was sent; it would not if it were cut off at once. */
  #end(error: IpcError, linger = false): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#outgoing.refuse(error);
    this.#requests.rejectAll(error);
    this.#inbox.end(error);
    this.#route.over(error);
    this.#onClosed(error);
    this.#socket.end();
    if (!linger) this.#socket.destroySoon();
    // A daemon that never reads would keep the unsent bytes, and so the socket.
    if (linger || this.#socket.writableLength > 0) setTimeout(() => this.#socket.destroy(), LINGER).unref();
    this.#socket.resume();
  }
}
