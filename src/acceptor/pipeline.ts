// One connection's commands, in order, from their frames until their answers.
import { everyStep } from '../every-step.js';
import type { IpcError } from '../protocol/errors.js';
import type { EventFilter } from '../protocol/events.js';
import { encodeJsonFrame } from '../protocol/json.js';
import { errorFrame } from '../protocol/responses.js';
import { Command, type CommandOwner } from './command.js';
import { LaneWindow } from './lane-window.js';
import type { PipelineContext, PipelineOwner } from './pipeline-context.js';
import type { ResponseWriter, WriterHooks } from './ports.js';
import { writerReports } from './writer-reports.js';

const SUBSCRIBED = encodeJsonFrame({ Success: { message: 'Subscribed to events' } });
const UNSUBSCRIBED = encodeJsonFrame({ Success: { message: 'Unsubscribed from events' } });

/**
 * Commands run one after the other in their lane (see {@link LaneWindow}) and are answered in order. While the bound
 * of waiting response bytes is reached, commands wait, and the commands that the lane has not begun are taken back.
 */
export class Pipeline<W extends ResponseWriter> implements CommandOwner {
  readonly #context: PipelineContext<W>;
  readonly #owner: PipelineOwner;
  readonly #writer: W;
  readonly #inLane = new LaneWindow();
  #waiting: Command[] = [];
  #bytes = 0;
  /** Set when the last command has come: the frame to send after the last answer, if any. */
  #ending: { readonly farewell: Uint8Array | undefined } | undefined;
  #closed = false;

  constructor(
    readonly connectionId: number,
    context: PipelineContext<W>,
    owner: PipelineOwner,
    createWriter: (hooks: WriterHooks) => W,
  ) {
    this.#context = context;
    this.#owner = owner;
    this.#writer = createWriter(writerReports(connectionId, context, owner, () => this.pump()));
  }

  /** Commands without an answer. */
  get length(): number {
    return this.#waiting.length + this.#inLane.length;
  }

  /** Bytes of their requests. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of responses that wait to be sent. */
  get responseBytes(): number {
    return this.#writer.responseBytes;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** For how long, in ms, nothing could be sent; 0 while nothing waits. */
  get stalledFor(): number {
    return this.#writer.stalledFor;
  }

  /** Takes a command's payload. Throws only by a fault of the daemon. */
  submit(payload: Uint8Array): void {
    this.#context.counters.received += 1;
    this.#bytes += payload.byteLength;
    this.#writer.commandReceived();
    const command = new Command(this, payload, this.#context.lanes);
    if (this.#waiting.length > 0 || !this.#give(command)) this.#wait(command);
  }

  /** Gives waiting commands to a lane, as far as there is capacity. */
  pump(): void {
    this.#safely(() => this.#pump());
  }

  /** Once every command is answered: sends `farewell`, if there is one, and ends the stream. */
  finish(farewell?: Uint8Array): void {
    this.#ending = { farewell };
    this.#settled();
  }

  /** Gives up every command, sends `farewell` and ends the stream. */
  abandon(farewell: Uint8Array): void {
    this.#giveUp();
    this.#writer.respond(farewell);
    this.#writer.finish();
  }

  /** The connection is gone: commands that have not begun never do, and nothing is sent. */
  close(): void {
    everyStep(
      (error) => this.#owner.onFault(error),
      () => this.#giveUp(),
      () => this.#context.forget(this),
      () => this.#context.subscriptions.remove(this.#writer),
      () => this.#writer.destroy(),
    );
  }

  respond(frames: Uint8Array): void {
    this.#safely(() => this.#respond(frames));
  }

  recall(): void {
    this.#safely(() => this.#recall());
  }

  yieldCapacity(): void {
    this.#safely(() => {
      this.#inLane.narrow();
      this.#takeBack(1);
    });
  }

  onAnswered(command: Command, overran: boolean): void {
    this.#safely(() => {
      if (overran) this.#context.countFailed(this, true);
      this.#done(command);
    });
  }

  onFailed(command: Command, error: IpcError): void {
    this.#safely(() => {
      this.#context.countFailed(this, error.code === 'COMMAND_TIMEOUT');
      this.#respond(errorFrame(error));
      this.#done(command);
    });
  }

  onSubscribe(command: Command, filter: string): void {
    this.#safely(() => {
      if (!this.#closed) {
        this.#context.subscriptions.subscribe(this.#writer, JSON.parse(filter) as EventFilter, SUBSCRIBED);
        // A command that came with it: events are held back for its answer too.
        if (this.length > 1) this.#writer.commandReceived();
      }
      this.#done(command);
    });
  }

  onUnsubscribe(command: Command): void {
    this.#safely(() => {
      if (!this.#closed) this.#context.subscriptions.unsubscribe(this.#writer, UNSUBSCRIBED);
      this.#done(command);
    });
  }

  /** A fault ends this connection and does not reach the lane or the other pipelines. */
  #safely(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#owner.onFault(error);
    }
  }

  #pump(): void {
    let given = 0;
    for (const command of this.#waiting) {
      if (!this.#give(command)) break;
      given += 1;
    }
    if (given > 0) this.#waiting.splice(0, given);
    const [next] = this.#waiting;
    if (next === undefined || this.#writer.congested || this.#closed) return;
    if (this.#inLane.length === 0 && next.lanes.down) this.#refuse();
    else if (this.#inLane.fits(next)) this.#context.waitForLane(this);
  }

  #give(command: Command): boolean {
    return !this.#writer.congested && !this.#closed && this.#inLane.give(command);
  }

  #wait(command: Command): void {
    this.#waiting.push(command);
    if (this.#inLane.length === 0) this.#pump();
    else if (!this.#writer.congested && this.#inLane.fits(command)) this.#context.waitForLane(this);
  }

  #respond(frames: Uint8Array): void {
    if (this.#closed) return;
    this.#writer.respond(frames);
    if (this.#writer.congested) this.#recall();
  }

  #recall(): void {
    if (this.#takeBack(0) && !this.#closed && !this.#writer.congested) this.#pump();
  }

  #takeBack(keep: number): boolean {
    const back = this.#inLane.takeBack(keep);
    if (back.length > 0) this.#waiting = [...back, ...this.#waiting];
    return back.length > 0;
  }

  /** A lane is done with a command. */
  #done(command: Command): void {
    if (!this.#inLane.remove(command)) return;
    this.#account(command);
    if (this.#closed) return;
    if (this.#waiting.length > 0) this.#pump();
    this.#settled();
  }

  /** Answers the first waiting commands, as far as no lane will take them, with the reason. */
  #refuse(): void {
    for (;;) {
      const error = this.#waiting[0]?.lanes.down;
      if (error === undefined) break;
      const command = this.#waiting.shift() as Command;
      this.#context.countFailed(this, false);
      this.#account(command);
      this.#writer.respond(errorFrame(error));
    }
    if (this.#waiting.length > 0) this.#pump();
    this.#settled();
  }

  #giveUp(): void {
    this.#closed = true;
    this.#ending = undefined;
    this.#inLane.takeBack(0);
    this.#waiting = [];
    this.#bytes = this.#inLane.bytes;
  }

  #account(command: Command): void {
    this.#bytes -= command.payload.byteLength;
    this.#context.counters.answered += 1;
  }

  #settled(): void {
    if (this.length > 0 || !this.#ending) {
      this.#owner.onProgress();
      return;
    }
    const { farewell } = this.#ending;
    this.#ending = undefined;
    if (farewell) this.#writer.respond(farewell);
    this.#writer.finish();
  }
}
