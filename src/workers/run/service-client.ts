// The service as handlers see it: calls that end with the service and with the command's signal.
import { setMaxListeners } from 'node:events';
import { IpcError } from '../../protocol/errors.js';
import { type Remote, remote } from '../link/closed-port.js';
import type { ServiceCalls } from '../../define.js';
import type { Port } from '../link/port.js';

/** The number of one lane's calls that may be unanswered; each keeps its arguments until the service has taken it in. */
const MAX_PENDING = 4096;

export class ServiceClient {
  #remote: Remote | undefined;
  #port: Port | undefined;
  #why = 'it has not been connected';
  readonly #pending = new Set<(error: IpcError) => void>();

  /** From now on calls go to this service, or reject with this reason. Calls under way reject. */
  connect(link: Port | string): void {
    this.#why = typeof link === 'string' ? link : 'it was replaced';
    this.#port?.close();
    this.#port = typeof link === 'string' ? undefined : link;
    this.#remote = this.#port && remote(this.#port);
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
          `The service has not answered ${MAX_PENDING} calls of this worker; await some before calling again`,
        ),
      );
    return new Promise((resolve, reject) => {
      // The first outcome settles it: a service that never answers must not keep calls that were given up.
      const settle = (act: () => void): void => {
        this.#pending.delete(fail);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const { answer, giveUp } = target.begin(name, args);
      const onAbort = (): void => {
        fail(signal?.reason);
        giveUp(signal?.reason);
      };
      this.#pending.add(fail);
      if (signal) {
        // It has as many listeners as there are calls under way.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', onAbort);
      }
      answer.then((value) => settle(() => resolve(value)), fail);
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
