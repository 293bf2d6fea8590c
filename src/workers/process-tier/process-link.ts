// A lane's process from main's side: started with its task, called, heard, watched, and drained when it has ended.
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../clock.js';
import type { AcceptEvents } from '../../ports.js';
import { CreditBack } from '../lanes/credit-back.js';
import type { LaneLink, LaneLinkHooks } from '../lanes/lane-link.js';
import { type NewsSinks, takeNews } from '../lanes/news.js';
import type { ThreadLog } from '../lanes/thread-log.js';
import type { ThreadOptions } from '../lanes/tier.js';
import { workerFile } from '../lanes/worker-file.js';
import type { Batch } from '../link/batch.js';
import { RecordReader } from '../link/claim-records.js';
import type { SharedState } from '../link/claims.js';
import { type Remote, remote } from '../link/closed-port.js';
import type { ServiceLink } from '../link/messages.js';
import { Channel, type Port } from '../link/port.js';
import { PORT, type ProcessTask, type ServiceName } from '../link/process-messages.js';
import { bridge } from './bridge.js';
import { checkedNews } from './checked-news.js';
import { processorTime, residentBytes } from './usage.js';
import { WorkerProcess } from './worker-process.js';

/** Milliseconds between looks at the resident memory. */
const LOOK_EVERY = 250;
/** Bytes of answers and events after which the process is told that they were taken in: an eighth of its window. */
const TELL_BYTES = 512 * 1024;
/** The same for characters of log lines. */
const TELL_LOG = 32 * 1024;

export interface ProcessSettings {
  readonly task: ProcessTask;
  readonly options: ThreadOptions;
  readonly logFd: number | undefined;
  /** Bytes of resident memory past which the process is killed. */
  readonly maxMemory: number;
  readonly onEvents: AcceptEvents;
  readonly log: ThreadLog;
  /** Counts events that `publish()` refused in the process. */
  readonly refused: (count: number) => void;
  readonly clock: Clock;
}

export class ProcessLink implements LaneLink {
  readonly takesBack = false;
  readonly #settings: ProcessSettings;
  readonly #hooks: LaneLinkHooks;
  readonly #channel: Channel;
  readonly #process: WorkerProcess;
  readonly #calls: Port;
  readonly #remote: Remote;
  readonly #sinks: NewsSinks;
  #service: MessagePort | undefined;
  #services = 0;
  #untold = { bytes: 0, log: 0 };
  #lastTime: { at: number; used: number } | undefined;
  #cancelLook = (): void => undefined;
  #fault: Error | undefined;
  #killedBecause: string | undefined;
  /** Whether its task has ended by itself, because main closed its port. */
  #finished = false;
  #ended = false;

  constructor(settings: ProcessSettings, hooks: LaneLinkHooks, shared: SharedState) {
    this.#settings = settings;
    this.#hooks = hooks;
    const { task, onEvents, log, refused } = settings;
    const release = new CreditBack((bytes) => this.call('released', [bytes])).add;
    const tookIn = (bytes: number, logCharacters: number): void => this.#tookIn(bytes, logCharacters);
    this.#sinks = { name: task.name, hooks, onEvents, log, release, refused, tookIn };
    const records = new RecordReader(shared, () => hooks.onBatchTaken());
    this.#process = new WorkerProcess(() => workerFile('process'), settings.options, settings.logFd, {
      onMessage: (message) => {
        // Whatever it is, its loop has turned.
        shared.beat();
        this.#guarded(() => this.#channel.receive(message));
      },
      onClaims: (chunk) => this.#guarded(() => records.read(chunk)),
      onEnd: (error) => this.#end(error),
    });
    this.#channel = new Channel((message) => this.#process.send(message));
    this.#calls = this.#channel.open(PORT.calls);
    this.#remote = remote(this.#calls);
    this.#channel
      .open(PORT.out)
      .on('message', (message: unknown) => takeNews(checkedNews(message), this.#sinks));
    this.#run();
    this.#look();
  }

  get gone(): Promise<void> {
    return this.#process.gone;
  }

  get killedBecause(): string | undefined {
    return this.#killedBecause;
  }

  call(name: string, args: unknown[]): void {
    if (this.#ended) return;
    this.#remote.call(name, args).catch((error: unknown) => this.#fail(error));
  }

  connectService(link: ServiceLink): void {
    this.call('service', [this.#openService(link)]);
  }

  send({ buffer, large }: Batch): void {
    if (this.#ended) return;
    // Nothing is shared with a process: large payloads are copied.
    const copies = large.map((shared) => Uint8Array.from(new Uint8Array(shared)));
    this.#calls.postMessage(large.length === 0 ? buffer : { batch: { buffer, large: copies } });
  }

  close(): void {
    this.#calls.close();
  }

  kill(because: string): void {
    this.#killedBecause ??= because;
    // Its memory is nobody's concern any more, even if the kernel cannot end it yet.
    this.#cancelLook();
    this.#process.kill();
  }

  utilization(): number {
    const used = this.#process.pid === undefined ? undefined : processorTime(this.#process.pid);
    if (used === undefined) return 0;
    const last = this.#lastTime;
    const at = this.#settings.clock.now();
    this.#lastTime = { at, used };
    return last === undefined || at <= last.at ? 0 : Math.min(1, (used - last.used) / (at - last.at));
  }

  #run(): void {
    const { task } = this.#settings;
    const control = remote(this.#channel.open(PORT.control));
    control
      .call('run', [task])
      .then(() => {
        this.#finished = true;
        this.#process.kill();
      })
      .catch((error: unknown) => {
        this.#fault ??= error as Error;
        this.#process.kill();
      });
  }

  /** Tells the process the name of a port, which leads to the service from here on. */
  #openService(link: ServiceLink): ServiceName {
    this.#service?.close();
    this.#service = undefined;
    if (typeof link === 'string') return link;
    this.#service = link;
    const port = `service ${(this.#services += 1)}`;
    bridge(this.#channel.open(port), link);
    return { port };
  }

  #tookIn(bytes: number, log: number): void {
    const untold = this.#untold;
    untold.bytes += bytes;
    untold.log += log;
    if (untold.bytes < TELL_BYTES && untold.log < TELL_LOG) return;
    this.call('tookIn', [untold.bytes, untold.log]);
    this.#untold = { bytes: 0, log: 0 };
  }

  #look(): void {
    const { clock, maxMemory } = this.#settings;
    this.#cancelLook = clock.after(LOOK_EVERY, () => {
      const held = this.#process.pid === undefined ? undefined : residentBytes(this.#process.pid);
      if (held !== undefined && held > maxMemory)
        this.kill(
          `the process running it held ${megabytes(held)} of memory, more than ${megabytes(maxMemory)}`,
        );
      else this.#look();
    });
  }

  /** The process may send anything: a message that cannot be taken in ends it, and harms nobody else. */
  #guarded(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.kill(`its worker failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #end(exit: Error): void {
    this.#ended = true;
    this.#cancelLook();
    this.#service?.close();
    this.#channel.end();
    const error = this.#fault ?? exit;
    const because = this.#killedBecause;
    if (because !== undefined) this.#hooks.onEnd(new Error(because, { cause: error }));
    else this.#hooks.onEnd(this.#finished ? undefined : error);
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`;
}
