// A worker thread from main's side: started with its task, called, heard, and drained when it has ended.
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { AcceptEvents } from '../../ports.js';
import type { Batch, BatchMessage } from '../link/batch.js';
import { SharedState } from '../link/claims.js';
import { type Remote, remote } from '../link/closed-port.js';
import { type LaneStart, type ServiceLink, type ServiceStart, type ThreadMessage } from '../link/messages.js';
import type { LaneLink, LaneLinkHooks } from '../lanes/lane-link.js';
import { type NewsSinks, takeNews } from '../lanes/news.js';
import type { ThreadLog } from '../lanes/thread-log.js';
import type { ThreadOptions } from '../lanes/tier.js';
import { CreditBack } from '../lanes/credit-back.js';
import { WorkerThread } from './worker-thread.js';

/** A thread's task without the parts that the link adds. */
export type ThreadTask =
  | Omit<LaneStart, 'calls' | 'out' | 'memory'>
  | (Omit<ServiceStart, 'calls' | 'out' | 'memory' | 'host'> & { readonly host: ServiceLink });

/** A service has no answers and takes no batches. */
export interface ThreadLinkHooks extends Pick<LaneLinkHooks, 'onReady' | 'onEnd'> {
  onAnswers?: LaneLinkHooks['onAnswers'];
  onBatchTaken?: LaneLinkHooks['onBatchTaken'];
  onLoopDelay?: LaneLinkHooks['onLoopDelay'];
  onEvents: AcceptEvents;
  log: ThreadLog;
}

export class ThreadLink implements LaneLink {
  readonly takesBack = true;
  readonly shared: SharedState;
  readonly #thread: WorkerThread;
  readonly #calls: MessagePort;
  readonly #out: MessagePort;
  readonly #remote: Remote;
  readonly #hooks: ThreadLinkHooks;
  readonly #sinks: NewsSinks;
  #killedBecause: string | undefined;
  #ended = false;

  constructor(task: ThreadTask, options: ThreadOptions, hooks: ThreadLinkHooks, shared = new SharedState()) {
    this.#hooks = hooks;
    this.shared = shared;
    const { onEvents, log } = hooks;
    const release = new CreditBack((bytes) => this.call('released', [bytes])).add;
    const tookIn = (bytes: number, logCharacters: number): void => {
      if (shared.taken(bytes, logCharacters)) this.call('taken', []);
    };
    this.#sinks = { name: task.name, hooks, onEvents, log, release, tookIn };
    const [calls, out] = [new MessageChannel(), new MessageChannel()];
    this.#calls = calls.port1;
    this.#out = out.port1;
    this.#remote = remote(calls.port1);
    out.port1.on('message', (message: ThreadMessage) => takeNews(message, this.#sinks));
    const host = task.role === 'service' ? task.host : '';
    this.#thread = new WorkerThread(
      { ...task, calls: calls.port2, out: out.port2, memory: shared.memory },
      [calls.port2, out.port2, ...(typeof host === 'string' ? [] : [host])],
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

  connectService(link: ServiceLink): void {
    this.call('service', [link], typeof link === 'string' ? [] : [link]);
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

  #end(error: Error | undefined): void {
    this.#ended = true;
    // The messages that it had sent before its end still count.
    for (let left = receiveMessageOnPort(this.#out); left; left = receiveMessageOnPort(this.#out)) {
      takeNews(left.message as ThreadMessage, this.#sinks);
    }
    this.#calls.close();
    this.#out.close();
    const because = this.#killedBecause;
    this.#hooks.onEnd(because === undefined ? error : new Error(because, { cause: error }));
  }
}
