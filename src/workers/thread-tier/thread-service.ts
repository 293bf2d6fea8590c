// A service module in a thread of its own: started, watched, and replaced when it dies.
import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../../clock.js';
import type { AcceptEvents } from '../../ports.js';
import { IpcError } from '../../protocol/errors.js';
import type { ServiceLink, ServiceStart } from '../link/messages.js';
import { Intensity } from '../lanes/intensity.js';
import { ObjectService } from '../lanes/object-service.js';
import type { ServiceHost } from '../lanes/service-host.js';
import type { ThreadLog } from '../lanes/thread-log.js';
import { ThreadLink } from './thread-link.js';
import { Watchdog } from '../lanes/watchdog.js';
import type { ThreadOptions } from '../lanes/tier.js';

/** Milliseconds between looks at the service's loop. Main does not see its calls, so the service is always asked. */
const LOOK_EVERY = 500;

export interface ServiceSettings {
  readonly start: Pick<
    ServiceStart,
    'daemon' | 'module' | 'workerData' | 'log' | 'maxMessageSize' | 'refused'
  >;
  readonly thread: ThreadOptions;
  /** Milliseconds that a service may take to load its module. */
  readonly startTimeout: number;
  /** A service whose loop has not turned for this many ms is killed and replaced. */
  readonly unresponsiveAfter: number;
  readonly clock: Clock;
  /** An object on main whose functions the service may call. */
  readonly host: object | undefined;
}

export interface ServiceHooks {
  /** There is a service, or there is one again: `connect()` gives ports to it. */
  onUp(): void;
  /** The service has died: `connect()` gives the reason. */
  onDown(error: Error | undefined): void;
  onEvents: AcceptEvents;
  log: ThreadLog;
}

export class ThreadService implements ServiceHost {
  readonly #settings: ServiceSettings;
  readonly #hooks: ServiceHooks;
  readonly #intensity = new Intensity(5, 10_000);
  readonly #host: ObjectService | undefined;
  /** The newest thread. */
  #link: ThreadLink | undefined;
  /** The thread that has loaded its module. */
  #up: ThreadLink | undefined;
  #closed = false;
  /** Cancels the deadline of a start, the next look, or the next start: there is one of them at a time. */
  #cancelTimer = (): void => undefined;

  constructor(settings: ServiceSettings, hooks: ServiceHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
    this.#host = settings.host && new ObjectService(settings.host);
  }

  /**
   * Starts the thread.
   *
   * @throws {IpcError} `SERVICE_UNAVAILABLE` when its module cannot be loaded, or not in time.
   */
  start(): Promise<void> {
    const { start, thread, clock, startTimeout } = this.#settings;
    return new Promise((resolve, reject) => {
      const host = this.#host?.connect() ?? 'startDaemon was given no host';
      const link = new ThreadLink({ ...start, role: 'service', name: 'service', host }, thread, {
        onReady: () => {
          this.#ready(link);
          resolve();
        },
        onEvents: this.#hooks.onEvents,
        log: this.#hooks.log,
        onEnd: (error) => {
          const message = `The service did not start: ${error?.message ?? 'it ended'}`;
          reject(new IpcError('SERVICE_UNAVAILABLE', message, { cause: error }));
          this.#ended(link, error);
        },
      });
      this.#link = link;
      this.#cancelTimer = clock.after(startTimeout, () =>
        link.kill(`its module was not loaded within ${startTimeout} ms`),
      );
    });
  }

  connect(): ServiceLink {
    if (!this.#up)
      return this.#closed ? 'the daemon is shutting down' : 'its thread died and is being replaced';
    const { port1, port2 } = new MessageChannel();
    this.#up.call('connect', [port1], [port1]);
    return port2;
  }

  get gone(): Promise<unknown> {
    return this.#link?.gone ?? Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#host?.close();
    this.#link?.kill('the daemon is shutting down');
  }

  #ready(link: ThreadLink): void {
    // Messages that a thread sent before it was killed are still read: a service that became ready while it was closed
    // stays closed.
    if (this.#closed) return;
    this.#cancelTimer();
    this.#up = link;
    const { clock, unresponsiveAfter } = this.#settings;
    this.#look(link, new Watchdog(unresponsiveAfter, () => link.shared.beats), clock.now());
    this.#hooks.onUp();
  }

  #look(link: ThreadLink, watchdog: Watchdog, lookedAt: number): void {
    const { clock, unresponsiveAfter } = this.#settings;
    this.#cancelTimer = clock.after(LOOK_EVERY, () => {
      // A look that comes late means that main was late, which is not held against the service.
      const verdict = watchdog.look(Math.min(clock.now() - lookedAt, 2 * LOOK_EVERY), true);
      if (verdict === 'ask') link.call('beat', []);
      if (verdict === 'dead') link.kill(`it did not respond for ${unresponsiveAfter} ms`);
      else this.#look(link, watchdog, clock.now());
    });
  }

  #ended(link: ThreadLink, error: Error | undefined): void {
    const wasUp = this.#up === link;
    this.#cancelTimer();
    this.#up = undefined;
    if (wasUp) this.#replace(error);
  }

  #replace(error: Error | undefined): void {
    if (this.#closed) return;
    this.#hooks.onDown(error);
    const { clock } = this.#settings;
    this.#cancelTimer = clock.after(this.#intensity.restart(clock.now()), () => {
      this.start().catch((cause: unknown) => this.#replace(cause as Error));
    });
  }
}
