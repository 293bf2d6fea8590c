// A lane in a worker, from main's side: batches out, answers in, and the watch over its loop.
import type { LoopDelay } from '../../telemetry/loop-delay.js';
import type { Job, Origin } from '../../ports.js';
import { IpcError } from '../../protocol/errors.js';
import { packBatch, shareLarge } from '../link/batch.js';
import type { SharedState } from '../link/claims.js';
import type { ServiceLink } from '../link/messages.js';
import { handOver } from './hand-over.js';
import type { LaneLink, LaneLinkHooks } from './lane-link.js';
import type { LaneHooks, PooledLane } from './pooled-lane.js';
import { Slots } from './slots.js';
import { Watchdog } from './watchdog.js';

/** Batches that a lane may have and not have taken in; commands that come meanwhile collect and go together. */
const BATCHES_UNDER_WAY = 2;

/**
 * The commands of one connection that a worker may have at once if main cannot take them back. Main must have room for
 * their answers even if the client does not read.
 */
const SENT_FOR_GOOD = 16;

export interface WorkerLaneSettings {
  readonly commandTimeout: number;
  readonly unresponsiveAfter: number;
  /** The state that main and the worker have of the lane's commands. */
  readonly shared: SharedState;
  /** Starts the worker. Its hooks are called later, never before this returns. */
  readonly link: (hooks: LaneLinkHooks) => LaneLink;
}

export class WorkerLane implements PooledLane {
  readonly #slots: Slots;
  readonly #link: LaneLink;
  readonly #hooks: LaneHooks;
  readonly #watchdog: Watchdog;
  readonly #commandTimeout: number;
  /** Commands for the next batch. */
  readonly #collected = new Set<Job>();
  /** Batches sent, modulo 2^32. */
  #sent = 0;
  #scheduled = false;
  /** Whether the last batch was a single command. */
  #lastWasLone = true;
  #loopDelay: LoopDelay | undefined;
  #state: 'starting' | 'ready' | 'ending' | 'dead' = 'starting';

  constructor(
    readonly id: number,
    { commandTimeout, unresponsiveAfter, shared, link }: WorkerLaneSettings,
    hooks: LaneHooks,
  ) {
    this.#hooks = hooks;
    this.#commandTimeout = commandTimeout;
    this.#slots = new Slots(shared);
    this.#watchdog = new Watchdog(unresponsiveAfter, () => shared.beats);
    this.#link = link({
      onReady: () => this.#ready(),
      onAnswers: (answers) => this.#answered(answers),
      onBatchTaken: () => this.#scheduleSend(),
      onLoopDelay: (delay) => (this.#loopDelay = delay),
      onEnd: (error) => this.#ended(error),
    });
  }

  get state(): PooledLane['state'] {
    return this.#state === 'ready' && this.#watchdog.late ? 'late' : this.#state;
  }

  get load(): number {
    return this.#slots.used;
  }

  get loopDelay(): LoopDelay | undefined {
    return this.#loopDelay;
  }

  get working(): boolean {
    return this.#state !== 'dead' && (this.#slots.used > 0 || this.#watchdog.asking);
  }

  get gone(): Promise<void> {
    return this.#link.gone;
  }

  offer(job: Job): boolean {
    // A late lane takes no commands: a command that is taken back from it would come again and again.
    if (this.state !== 'ready' || !this.#slots.add(job)) return false;
    job.payload = shareLarge(job.payload);
    this.#collected.add(job);
    // A lone request does not wait for others: an idle lane whose last batch was a single command gets the next one
    // as soon as the client's chunk is read.
    this.#scheduleSend(this.#slots.used === 1 && this.#lastWasLone ? queueMicrotask : setImmediate);
    return true;
  }

  recall(job: Job): boolean {
    const sent = !this.#collected.has(job);
    if (sent && !this.#link.takesBack && this.#state !== 'dead') return false;
    const { full } = this.#slots;
    if (!this.#slots.recall(job)) return false;
    this.#collected.delete(job);
    // No answer tells those that wait for capacity of it.
    if (full) queueMicrotask(() => this.#hooks.onCapacity());
    return true;
  }

  end(): void {
    if (this.#state === 'dead') return;
    this.#state = 'ending';
    if (this.#slots.used === 0) this.#link.close();
  }

  kill(because: string): void {
    this.#link.kill(because);
  }

  connectService(link: ServiceLink): void {
    this.#link.connectService(link);
  }

  utilization(): number {
    return this.#link.utilization();
  }

  watch(elapsed: number): void {
    if (this.#state !== 'ready' && this.#state !== 'ending') return;
    const wasLate = this.#watchdog.late;
    const verdict = this.#watchdog.look(elapsed, this.#slots.used > 0);
    if (verdict === 'ask') this.#link.call('beat', []);
    if (verdict === 'dead') {
      this.kill('the worker running it did not respond and was replaced');
      return;
    }
    if (this.#watchdog.late !== wasLate) this.#hooks.onLate(!wasLate);
    if (this.#watchdog.late) {
      // Commands that it has not begun run elsewhere. Those that it has begun and cannot end get their deadline here.
      for (const origin of this.#slots.origins()) origin.recall();
      if (this.#watchdog.silent >= this.#commandTimeout) this.#abandonOverdue();
    } else if (wasLate) {
      this.#hooks.onCapacity();
    }
  }

  #abandonOverdue(): void {
    const message = `The command did not finish within ${this.#commandTimeout} ms; it may still take effect`;
    for (const job of this.#slots.abandonBegun(() => !this.#watchdog.turned))
      job.failed(new IpcError('COMMAND_TIMEOUT', message));
  }

  /** @param soon When to send. By default after this turn's input is read, so that what came together goes together. */
  #scheduleSend(soon: (send: () => void) => void = setImmediate): void {
    if (this.#scheduled || this.#collected.size === 0 || this.#full()) return;
    this.#scheduled = true;
    soon(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  /** Whether the lane has as many batches as it may; if so, it tells when it has taken one in. */
  #full(): boolean {
    const { shared } = this.#slots;
    if (shared.batchesUnderWay(this.#sent) < BATCHES_UNDER_WAY) return false;
    shared.awaitBatch();
    return shared.batchesUnderWay(this.#sent) >= BATCHES_UNDER_WAY;
  }

  #send(): void {
    if (this.#state === 'dead' || this.#collected.size === 0) return;
    const jobs = this.#next();
    if (jobs.length === 0) return;
    this.#lastWasLone = jobs.length === 1;
    const batch = packBatch(Slots.entries(jobs));
    this.#sent = (this.#sent + 1) | 0;
    this.#link.send(batch);
  }

  /** Takes the commands of the next batch from those that have collected. */
  #next(): Job[] {
    if (this.#link.takesBack) {
      const all = [...this.#collected];
      this.#collected.clear();
      return all;
    }
    const sent = new Map<Origin, number>();
    const count = ({ origin }: Job): number => sent.get(origin) ?? 0;
    for (const job of this.#slots.jobs()) if (!this.#collected.has(job)) sent.set(job.origin, count(job) + 1);
    const jobs: Job[] = [];
    for (const job of this.#collected) {
      if (count(job) >= SENT_FOR_GOOD) continue;
      sent.set(job.origin, count(job) + 1);
      jobs.push(job);
    }
    for (const job of jobs) this.#collected.delete(job);
    return jobs;
  }

  #ready(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#hooks.onReady();
  }

  #answered(answers: ArrayBuffer): void {
    handOver(answers, this.#slots);
    if (this.#state === 'ending' && this.#slots.used === 0) this.#link.close();
    this.#scheduleSend();
    this.#hooks.onCapacity();
  }

  #ended(error: Error | undefined): void {
    this.#state = 'dead';
    this.#collected.clear();
    for (const origin of this.#slots.origins()) origin.recall();
    const why = this.#link.killedBecause ?? 'the worker running it died';
    for (const job of this.#slots.abandonBegun()) {
      job.failed(new IpcError('COMMAND_OUTCOME_UNKNOWN', `The outcome of the command is unknown: ${why}`));
    }
    this.#hooks.onEnd(error);
  }
}
