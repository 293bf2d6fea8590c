// One connection's commands, in order, from their frames until their answers.
import type { EventFilter } from '../protocol/events.js';
import { encodeJsonFrame } from '../protocol/json.js';
import { errorFrame } from '../protocol/responses.js';
import { IpcError } from '../protocol/errors.js';
import type { Lane, Lanes, Origin } from '../ports.js';
import { Command } from './command.js';
import type { ResponseWriter, Subscriptions } from './ports.js';

/** What the lines of all connections share. */
export interface LineContext<W extends ResponseWriter> {
  readonly lanes: Lanes;
  readonly subscriptions: Subscriptions<W>;
  /** Commands wait for a lane; `Line.pump` is to be called when there is room. */
  readonly waitForLane: (line: Line<W>) => void;
  readonly counters: CommandCounters;
}

/** Where a line's commands come from. */
export interface LineSource {
  /** The line may have room for more. */
  room(): void;
}

/** Counted since the daemon's start. */
export interface CommandCounters {
  received: number;
  answered: number;
  failed: number;
}

const SUBSCRIBED = encodeJsonFrame({ Success: { message: 'Subscribed to events' } });
const UNSUBSCRIBED = encodeJsonFrame({ Success: { message: 'Unsubscribed from events' } });

/** Commands a line may have in its lane while nobody lacks room there. */
const WINDOW = 1024;
/** Request bytes it may have there, unless its first command alone is more: the lane keeps them until it has come to them. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Commands run one after the other in the lane they are bound to while any is in flight; then the next ones
 * go to whichever lane is least loaded. A connection past its bound of responses waits, and what its lane
 * has not begun is taken back.
 */
export class Line<W extends ResponseWriter> implements Origin {
  readonly #context: LineContext<W>;
  readonly #source: LineSource;
  #waiting: Command<W>[] = [];
  #inFlight: Command<W>[] = [];
  #lane: Lane | undefined;
  #bytes = 0;
  #inFlightBytes = 0;
  /** One when others need the room, doubled with each answer. */
  #window = WINDOW;
  #whenEmpty: (() => void) | undefined;
  #closed = false;

  constructor(
    readonly connectionId: number,
    readonly writer: W,
    context: LineContext<W>,
    source: LineSource,
  ) {
    this.#context = context;
    this.#source = source;
  }

  /** Commands without an answer. */
  get length(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** Bytes of their requests. */
  get bytes(): number {
    return this.#bytes;
  }

  submit(payload: Uint8Array): void {
    this.#context.counters.received += 1;
    this.#bytes += payload.byteLength;
    this.writer.commandReceived();
    const command = new Command(this, payload);
    if (this.#waiting.length > 0 || !this.#give(command)) this.#wait(command);
  }

  /** Gives waiting commands to a lane, as far as there is room. */
  pump(): void {
    let given = 0;
    for (const command of this.#waiting) {
      if (!this.#give(command)) break;
      given += 1;
    }
    if (given > 0) this.#waiting.splice(0, given);
    const [next] = this.#waiting;
    if (next === undefined || this.writer.congested || this.#closed) return;
    const { down } = this.#context.lanes;
    if (down && this.#inFlight.length === 0) {
      for (const command of this.#waiting.splice(0)) this.#refuse(command, down);
      this.#settled();
    } else if (this.#fits(next)) {
      this.#context.waitForLane(this);
    }
  }

  /** Calls `action` once every command is answered. */
  whenEmpty(action: () => void): void {
    this.#whenEmpty = action;
    this.#settled();
  }

  /** The connection is gone: nothing waits any more, and what has not begun never does. */
  close(): void {
    this.#closed = true;
    this.#whenEmpty = undefined;
    this.recall();
    this.#waiting = [];
    this.#bytes = 0;
  }

  respond(frames: Uint8Array): void {
    if (this.#closed) return;
    this.writer.respond(frames);
    if (this.writer.congested) this.recall();
  }

  recall(): void {
    if (!this.#takeBack(0)) return;
    if (this.#inFlight.length === 0) this.#lane = undefined;
    if (!this.#closed && !this.writer.congested) this.pump();
  }

  makeRoom(): void {
    this.#window = 1;
    this.#takeBack(1);
  }

  /** A lane has seen to a command. */
  done(command: Command<W>): void {
    // Almost always the first: the lane answers in order.
    const at = this.#inFlight.indexOf(command);
    if (at === -1) return;
    if (at === 0) this.#inFlight.shift();
    else this.#inFlight.splice(at, 1);
    if (this.#inFlight.length === 0) this.#lane = undefined;
    this.#inFlightBytes -= command.payload.byteLength;
    this.#window = Math.min(WINDOW, this.#window * 2);
    this.#account(command);
    if (this.#closed) return;
    if (this.#waiting.length > 0) this.pump();
    this.#settled();
  }

  fail(command: Command<W>, error: IpcError): void {
    this.#context.counters.failed += 1;
    this.respond(errorFrame(error));
    this.done(command);
  }

  subscribe(command: Command<W>, filter: string): void {
    if (!this.#closed) {
      this.#context.subscriptions.subscribe(this.writer, JSON.parse(filter) as EventFilter, SUBSCRIBED);
      // A command that came with it: events are held back for its answer too.
      if (this.length > 1) this.writer.commandReceived();
    }
    this.done(command);
  }

  unsubscribe(command: Command<W>): void {
    if (!this.#closed) this.#context.subscriptions.unsubscribe(this.writer, UNSUBSCRIBED);
    this.done(command);
  }

  #give(command: Command<W>): boolean {
    if (this.writer.congested || this.#closed || !this.#fits(command)) return false;
    const lane = this.#lane ?? this.#context.lanes.pick();
    if (!lane?.offer(command)) return false;
    this.#lane = lane;
    this.#inFlight.push(command);
    this.#inFlightBytes += command.payload.byteLength;
    return true;
  }

  /** Whether it may have one more command in its lane. */
  #fits({ payload }: Command<W>): boolean {
    const { length } = this.#inFlight;
    return (
      length === 0 || (length < this.#window && this.#inFlightBytes + payload.byteLength <= WINDOW_BYTES)
    );
  }

  // From the last to the first: the lane begins them in order, so what lies behind one that it has begun is
  // taken back already, and nothing overtakes.
  #takeBack(keep: number): boolean {
    let at = this.#inFlight.length;
    for (; at > keep; at -= 1) {
      const command = this.#inFlight[at - 1] as Command<W>;
      if (!this.#lane?.recall(command)) break;
      this.#inFlightBytes -= command.payload.byteLength;
    }
    const back = this.#inFlight.splice(at);
    if (back.length > 0) this.#waiting = [...back, ...this.#waiting];
    return back.length > 0;
  }

  #wait(command: Command<W>): void {
    this.#waiting.push(command);
    if (this.#inFlight.length === 0) this.pump();
    else if (!this.writer.congested && this.#fits(command)) this.#context.waitForLane(this);
  }

  #refuse(command: Command<W>, error: IpcError): void {
    this.#context.counters.failed += 1;
    this.#account(command);
    this.writer.respond(errorFrame(error));
  }

  #account(command: Command<W>): void {
    this.#bytes -= command.payload.byteLength;
    this.#context.counters.answered += 1;
  }

  #settled(): void {
    if (this.length === 0 && this.#whenEmpty) {
      const action = this.#whenEmpty;
      this.#whenEmpty = undefined;
      action();
    } else {
      this.#source.room();
    }
  }
}
