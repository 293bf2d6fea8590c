// The service as a lane's handlers see it: calls that race the service's end and the command's signal.
import { setMaxListeners } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { IpcError } from '../../protocol/errors.js';
import { type Remote, remote } from '../link/closed-port.js';
import type { ServiceCalls } from '../../define.js';

/** Calls of one lane that the service may not have answered; each keeps its arguments until it is taken in. */
const MAX_PENDING = 4096;

export class ServiceClient {
  #remote: Remote | undefined;
  #port: MessagePort | undefined;
  #why: string;
  readonly #pending = new Set<(error: IpcError) => void>();

  constructor(why = 'startDaemon was given no service') {
    this.#why = why;
  }

  /** From now on calls go to the service at the other end of this port. */
  attach(port: MessagePort): void {
    this.detach('the service was replaced');
    this.#port = port;
    this.#remote = remote(port);
  }

  /** The service is gone: every call under way rejects, and so does every call until there is a new one. */
  detach(why: string): void {
    this.#why = why;
    this.#remote = undefined;
    this.#port?.close();
    this.#port = undefined;
    for (const reject of [...this.#pending]) reject(this.#unavailable());
  }

  /** Calls a function of the service; settles at the latest when `signal` fires or the service is gone. */
  call(name: string, args: unknown[], signal?: AbortSignal): Promise<unknown> {
    const target = this.#remote;
    if (!target) return Promise.reject(this.#unavailable());
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#pending.size >= MAX_PENDING)
      return Promise.reject(
        new IpcError(
          'SERVICE_UNAVAILABLE',
          `The service has not answered ${MAX_PENDING} calls of this worker; it is too slow, or await some first`,
        ),
      );
    return new Promise((resolve, reject) => {
      // Whatever settles it first: a service that never answers must not keep what its callers gave up.
      const settle = (act: () => void): void => {
        this.#pending.delete(fail);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const onAbort = (): void => fail(signal?.reason);
      this.#pending.add(fail);
      if (signal) {
        // As many as there are calls under way.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', onAbort);
      }
      target.call(name, args).then((value) => settle(() => resolve(value)), fail);
    });
  }

  /** The service's functions by name, for one command. */
  calls(signal?: () => AbortSignal): ServiceCalls {
    return new Proxy(Object.create(null) as ServiceCalls, {
      // A `then` would make `await service` call the service.
      get: (_, name) =>
        typeof name === 'string' && name !== 'then'
          ? (...args: unknown[]) => this.call(name, args, signal?.())
          : undefined,
    });
  }

  #unavailable(): IpcError {
    return new IpcError('SERVICE_UNAVAILABLE', `The service cannot be called: ${this.#why}`);
  }
}
