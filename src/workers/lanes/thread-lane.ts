// A lane in a thread, from main's side: batches out, answers and events in, and the watch over its loop.
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
} from 'node:worker_threads';
import type { AcceptEvents, Job } from '../../ports.js';
import { IpcError } from '../../protocol/errors.js';
import { packBatch, shareLarge } from '../link/batch.js';
import { type Remote, remote } from '../link/closed-port.js';
import { CreditBack } from './credit-back.js';
import { unpackEvents } from '../link/event-packer.js';
import { handOver } from './hand-over.js';
import { messageBytes, type OutboxMessage } from '../link/outbox.js';
import type { LaneHooks, PooledLane } from './pooled-lane.js';
import { SharedState } from '../link/claims.js';
import { type Offered, Slots } from './slots.js';
import type { LaneStart } from '../link/messages.js';
import { Watchdog } from './watchdog.js';
import { WorkerThread } from './worker-thread.js';

/** Batches a lane may have that it has not taken in; what comes meanwhile collects and goes together. */
const BATCHES_UNDER_WAY = 2;

/** What a lane is started with. */
export interface LaneSettings {
  readonly start: Pick<LaneStart, 'module' | 'workerData' | 'log' | 'maxMessageSize' | 'commandTimeout'>;
  readonly resourceLimits: ResourceLimits;
  readonly unresponsiveAfter: number;
  readonly service: MessagePort | undefined;
  readonly onEvents: AcceptEvents;
  readonly onLog: (line: string) => void;
}

export class ThreadLane implements PooledLane {
  readonly #slots = new Slots(new SharedState());
  readonly #thread: WorkerThread;
  readonly #calls: MessagePort;
  readonly #out: MessagePort;
  readonly #remote: Remote;
  readonly #hooks: LaneHooks;
  readonly #onEvents: AcceptEvents;
  readonly #onLog: (line: string) => void;
  readonly #watchdog: Watchdog;
  readonly #commandTimeout: number;
  readonly #credit = new CreditBack((bytes) => void this.#call('released', [bytes]));
  #collected: Offered[] = [];
  #underWay = 0;
  #scheduled = false;
  #state: 'starting' | 'ready' | 'ending' | 'dead' = 'starting';
  #killedBecause: string | undefined;

  constructor(
    readonly id: number,
    settings: LaneSettings,
    hooks: LaneHooks,
  ) {
    this.#hooks = hooks;
    this.#onEvents = settings.onEvents;
    this.#onLog = settings.onLog;
    this.#commandTimeout = settings.start.commandTimeout;
    const calls = new MessageChannel();
    const out = new MessageChannel();
    this.#calls = calls.port1;
    this.#out = out.port1;
    this.#remote = remote(calls.port1);
    this.#watchdog = new Watchdog(settings.unresponsiveAfter, () => this.#slots.shared.beats);
    out.port1.on('message', (message: OutboxMessage) => this.#receive(message));
    const start: LaneStart = {
      ...settings.start,
      role: 'lane',
      name: `lane ${id}`,
      calls: calls.port2,
      out: out.port2,
      memory: this.#slots.shared.memory as SharedArrayBuffer,
      service: settings.service,
    };
    const ports = [calls.port2, out.port2, ...(settings.service ? [settings.service] : [])];
    this.#thread = new WorkerThread(start, ports, settings.resourceLimits);
    void this.#thread.ended.then((error) => this.#ended(error));
  }

  get state(): 'starting' | 'ready' | 'late' | 'ending' | 'dead' {
    return this.#state === 'ready' && this.#watchdog.late ? 'late' : this.#state;
  }

  get load(): number {
    return this.#slots.used;
  }

  get working(): boolean {
    return this.#state !== 'dead' && (this.#slots.used > 0 || this.#watchdog.asking);
  }

  get gone(): Promise<void> {
    return this.#thread.gone;
  }

  offer(job: Job): boolean {
    const offered = this.#state === 'ready' ? this.#slots.add(job) : undefined;
    if (!offered) return false;
    job.payload = shareLarge(job.payload);
    this.#collected.push(offered);
    this.#scheduleSend();
    return true;
  }

  recall(job: Job): boolean {
    const { full } = this.#slots;
    const back = this.#slots.recall(job);
    // Those who wait for room are not told of it by an answer.
    if (back && full) queueMicrotask(() => this.#hooks.onRoom());
    return back;
  }

  end(): void {
    if (this.#state === 'dead') return;
    this.#state = 'ending';
    if (this.#slots.used === 0) this.#calls.close();
  }

  kill(because: string): void {
    this.#killedBecause ??= because;
    this.#thread.kill();
  }

  attachService(port: MessagePort): void {
    void this.#call('service', [port], [port]);
  }

  detachService(why: string): void {
    void this.#call('serviceLost', [why]);
  }

  utilization(): number {
    return this.#thread.utilization();
  }

  watch(elapsed: number): void {
    if (this.#state !== 'ready' && this.#state !== 'ending') return;
    const wasLate = this.#watchdog.late;
    const verdict = this.#watchdog.look(elapsed, this.#slots.used > 0);
    if (verdict === 'ask') void this.#call('beat', []);
    if (verdict === 'dead') {
      this.kill('the worker running it did not respond and was replaced');
      return;
    }
    if (this.#watchdog.late) {
      // What it has not begun runs elsewhere; what it has begun and cannot end is past its deadline here.
      for (const origin of this.#slots.origins()) origin.recall();
      if (this.#watchdog.silent >= this.#commandTimeout) this.#abandonOverdue();
    } else if (wasLate) {
      this.#hooks.onRoom();
    }
  }

  #abandonOverdue(): void {
    const message = `The command did not finish within ${this.#commandTimeout} ms; it may still take effect`;
    for (const job of this.#slots.abandonBegun()) job.failed(new IpcError('COMMAND_TIMEOUT', message));
  }

  #scheduleSend(): void {
    if (this.#scheduled || this.#underWay >= BATCHES_UNDER_WAY) return;
    this.#scheduled = true;
    // After this turn's input is read, so that what came together goes together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#state === 'dead') return;
    const entries = this.#slots.current(this.#collected);
    this.#collected = [];
    if (entries.length === 0) return;
    const { buffer, large } = packBatch(entries);
    this.#underWay += 1;
    void this.#call('take', [buffer, large], [buffer]).then(() => {
      this.#underWay -= 1;
      if (this.#collected.length > 0) this.#scheduleSend();
    });
  }

  /** A call to a thread that dies never settles; nothing waits for one but what dies with the lane. */
  async #call(name: string, args: unknown[], transfer: (ArrayBuffer | MessagePort)[] = []): Promise<void> {
    if (this.#state === 'dead') return;
    try {
      await this.#remote.call(name, args, transfer);
    } catch (error) {
      this.kill(`its worker failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #receive(message: OutboxMessage): void {
    if (message.ready && this.#state === 'starting') {
      this.#state = 'ready';
      this.#hooks.onReady();
    }
    if (message.answers) handOver(message.answers, this.#slots);
    if (message.events) {
      this.#onEvents(unpackEvents(message.events), this.#credit.add);
    }
    for (const line of message.logs ?? []) this.#onLog(line);
    if (this.#state === 'dead') return;
    if (this.#slots.shared.taken(messageBytes(message))) void this.#call('taken', []);
    if (message.answers) {
      if (this.#state === 'ending' && this.#slots.used === 0) this.#calls.close();
      this.#hooks.onRoom();
    }
  }

  #ended(error: Error | undefined): void {
    if (this.#state === 'dead') return;
    // What it had sent before its end counts.
    for (let message = receiveMessageOnPort(this.#out); message; message = receiveMessageOnPort(this.#out)) {
      this.#receive(message.message as OutboxMessage);
    }
    this.#state = 'dead';
    this.#calls.close();
    this.#out.close();
    for (const origin of this.#slots.origins()) origin.recall();
    const why = this.#killedBecause ?? 'the worker running it died';
    for (const job of this.#slots.abandonBegun()) {
      job.failed(new IpcError('COMMAND_OUTCOME_UNKNOWN', `The outcome of the command is unknown: ${why}`));
    }
    this.#hooks.onEnd(
      this.#killedBecause === undefined ? error : new Error(this.#killedBecause, { cause: error }),
    );
  }
}
