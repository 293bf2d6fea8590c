// A worker thread from main's side: started with its task, called, heard, and drained when it has ended.
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { AcceptEvents } from '../../ports.js';
import type { Batch, BatchMessage } from '../link/batch.js';
import { SharedState } from '../link/claims.js';
import { type Remote, remote } from '../link/closed-port.js';
import { unpackEvents } from '../link/event-packer.js';
import { type LaneStart, newsOf, type ServiceStart, type ThreadMessage } from '../link/messages.js';
import { messageBytes } from '../link/outbox.js';
import type { ThreadLog } from '../lanes/thread-log.js';
import type { ThreadOptions } from '../lanes/tier.js';
import { CreditBack } from './credit-back.js';
import { WorkerThread } from './worker-thread.js';

/** A thread's task without the parts that the link adds. */
export type ThreadTask =
  Omit<LaneStart, 'calls' | 'out' | 'memory'> | Omit<ServiceStart, 'calls' | 'out' | 'memory'>;

export interface ThreadLinkHooks {
  onReady(): void;
  onAnswers?(answers: ArrayBuffer): void;
  /** The lane has taken a batch in, after {@link SharedState.awaitBatch}. */
  onBatchTaken?(): void;
  onEvents: AcceptEvents;
  log: ThreadLog;
  /** The thread has ended, and everything that it had sent has been taken in. */
  onEnd(error: Error | undefined): void;
}

export class ThreadLink {
  readonly shared: SharedState;
  readonly #name: string;
  readonly #thread: WorkerThread;
  readonly #calls: MessagePort;
  readonly #out: MessagePort;
  readonly #remote: Remote;
  readonly #hooks: ThreadLinkHooks;
  readonly #credit = new CreditBack((bytes) => this.call('released', [bytes]));
  #killedBecause: string | undefined;
  #ended = false;

  constructor(task: ThreadTask, options: ThreadOptions, hooks: ThreadLinkHooks, shared = new SharedState()) {
    this.#hooks = hooks;
    this.#name = task.name;
    this.shared = shared;
    const [calls, out] = [new MessageChannel(), new MessageChannel()];
    this.#calls = calls.port1;
    this.#out = out.port1;
    this.#remote = remote(calls.port1);
    out.port1.on('message', (message: ThreadMessage) => this.#receive(message));
    const link = task.role === 'lane' ? task.service : task.host;
    this.#thread = new WorkerThread(
      { ...task, calls: calls.port2, out: out.port2, memory: shared.memory },
      [calls.port2, out.port2, ...(typeof link === 'string' ? [] : [link])],
      options,
    );
    this.#thread.ended.then((error) => this.#end(error)).catch((error: unknown) => this.#fail(error));
  }

  /** See {@link WorkerThread.gone}. */
  get gone(): Promise<void> {
    return this.#thread.gone;
  }

  /** The reason why it was killed, if it was. */
  get killedBecause(): string | undefined {
    return this.#killedBecause;
  }

  /** Calls a function of the thread. One that fails kills the thread. */
  call(name: string, args: unknown[], transfer: MessagePort[] = []): void {
    if (this.#ended) return;
    this.#remote.call(name, args, transfer).catch((error: unknown) => this.#fail(error));
  }

  /** Sends a batch to a lane. */
  send(batch: Batch): void {
    if (this.#ended) return;
    const message: BatchMessage = batch.large.length === 0 ? batch.buffer : { batch };
    this.#calls.postMessage(message, [batch.buffer]);
  }

  /** Lets the thread's task end. */
  close(): void {
    this.#calls.close();
  }

  /** Ends the thread now. */
  kill(because: string): void {
    this.#killedBecause ??= because;
    this.#thread.kill();
  }

  /** See {@link WorkerThread.utilization}. */
  utilization(): number {
    return this.#thread.utilization();
  }

  #fail(error: unknown): void {
    this.kill(`its worker failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #receive(received: ThreadMessage): void {
    const message = newsOf(received);
    // Events first: a connection that ends with an answer still gets the events that its command published before.
    if (message.events) this.#hooks.onEvents(unpackEvents(message.events), this.#credit.add);
    if (message.answers) this.#hooks.onAnswers?.(message.answers);
    if (message.log !== undefined) this.#hooks.log.line(message.log);
    if (message.linesLost !== undefined) this.#hooks.log.lost(message.linesLost, this.#name);
    if (this.shared.taken(messageBytes(message), message.log?.length)) this.call('taken', []);
    if (message.tookBatch) this.#hooks.onBatchTaken?.();
    if (message.ready) this.#hooks.onReady();
  }

  #end(error: Error | undefined): void {
    this.#ended = true;
    // The messages that it had sent before its end still count.
    for (let left = receiveMessageOnPort(this.#out); left; left = receiveMessageOnPort(this.#out)) {
      this.#receive(left.message as ThreadMessage);
    }
    this.#calls.close();
    this.#out.close();
    const because = this.#killedBecause;
    this.#hooks.onEnd(because === undefined ? error : new Error(because, { cause: error }));
  }
}
