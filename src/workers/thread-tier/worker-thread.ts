// One thread of Piscina, which runs one long task and is thrown away with it.
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ThreadOptions } from '../lanes/tier.js';
import { workerFile } from '../lanes/worker-file.js';
import { takeEarlyOutput } from './output.js';

/**
 * A pool of one thread. A lane that died must not leave its thread or its module cache to the next one, and a pool
 * whose first load failed does not spawn again. So each lane has its own pool, which ends with it. Piscina gives the
 * spawn, the resource limits, the kill by signal and the thread's statistics.
 */
export class WorkerThread {
  /** Undefined if the pool could not be made. */
  readonly #pool: Piscina | undefined;
  readonly #kill = new AbortController();
  #fault: Error | undefined;
  #spawned = false;
  #lastUtilization: { idle: number; active: number; utilization: number } | undefined;
  /** Settles when the task has ended, with the error that ended it or kept it from beginning, if any. Never rejects. */
  readonly ended: Promise<Error | undefined>;
  /**
   * Settles when the thread itself has ended. That may be long after its task: a thread in a system call ends when the
   * call returns, and until then the process cannot exit. Never rejects.
   */
  readonly gone: Promise<void>;

  constructor(task: object, transfer: MessagePort[], options: ThreadOptions) {
    let run: Promise<unknown>;
    try {
      this.#pool = this.#poolOfOne(options);
      run = this.#pool.run(task, { transferList: transfer, signal: this.#kill.signal });
      this.#spawned = true;
    } catch (error) {
      // The worker file may be missing, or the system may refuse the thread's stack. In the second case the pool still has
      // the task; if the pool were destroyed, it would reject a promise that is not handled. So it is kept.
      run = Promise.reject(error);
      // No thread has them, and an open port keeps the process alive.
      for (const port of transfer) port.close();
    }
    // The thread's own event, since the pool forgets a thread that it has told to end.
    const [thread] = this.#pool?.threads ?? [];
    if (thread) takeEarlyOutput(thread);
    // Piscina takes a thread that threw null for one whose task is done.
    thread?.once('error', (error: unknown) => (this.#fault ??= asError(error)));
    this.gone = thread ? new Promise((resolve) => thread.once('exit', () => resolve())) : Promise.resolve();
    this.ended = run
      .then(
        () => this.#fault,
        (error: unknown) => this.#fault ?? asError(error),
      )
      .finally(() => {
        // Not awaited: a thread blocked in a system call ends when the call returns; see `gone`.
        if (this.#spawned && this.#pool) void this.#pool.destroy().catch(() => undefined);
      });
  }

  #poolOfOne(options: ThreadOptions): Piscina {
    const pool = new Piscina({
      filename: workerFile('thread').href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 1,
      // The default parks the thread between messages, and with it every timer and port of the lane.
      atomics: 'disabled',
      // Two histograms of 0.35 MB each, of tasks' times: this pool has one task.
      recordTiming: false,
      ...options,
    });
    // An error outside a task is emitted on the pool; without a listener it would end the daemon. One case is a thread
    // that cannot be set up: its task stays in the pool's queue, and nothing else would end it.
    pool.on('error', (error: Error) => {
      this.#fault ??= asError(error);
      this.#kill.abort();
    });
    return pool;
  }

  /** Ends the thread wherever it is, except in a system call, from which it must return first. */
  kill(): void {
    if (this.#spawned) this.#kill.abort();
  }

  /**
   * Share of the time since the last call that the thread's loop was not waiting, 0 to 1. The first call gives 0: until
   * then the thread has loaded its module, which does not make it a busy one.
   */
  utilization(): number {
    const performance = this.#pool?.threads[0]?.performance;
    if (!performance) return 0;
    const now = performance.eventLoopUtilization();
    const last = this.#lastUtilization;
    this.#lastUtilization = now;
    return last === undefined ? 0 : performance.eventLoopUtilization(now, last).utilization;
  }
}

function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(`thrown value: ${String(thrown)}`);
  if ((thrown as NodeJS.ErrnoException).syscall !== 'uv_cwd') return thrown;
  const why = 'The working directory of the daemon was removed, and Node starts no thread there';
  return new Error(`${why}; call process.chdir() with a folder that exists`, { cause: thrown });
}
