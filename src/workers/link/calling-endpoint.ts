// The caller's side of Comlink: settles the calls that no answer can come for.

/** The part of an endpoint that Comlink uses here; Comlink's own type needs the DOM's types. */
export interface Endpoint {
  postMessage(message: unknown, transfer?: unknown[]): void;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  start?(): void;
}
export type Listener = (event: { readonly data: unknown }) => void;

/**
 * The caller's endpoint. It settles the calls that no answer can come for: Comlink would keep them as long as the port. It
 * neither notices that a call cannot be posted, such as one with a function among its arguments, nor lets one be given up.
 */
export class CallingEndpoint implements Endpoint {
  readonly #endpoint: Endpoint;
  #listener: Listener = () => undefined;
  /** The id of the call that was posted last. */
  posted = '';

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  postMessage(message: unknown, transfer?: unknown[]): void {
    if (hasId(message)) this.posted = message.id;
    try {
      this.#endpoint.postMessage(message, transfer);
    } catch (error) {
      this.settle(this.posted, error);
    }
  }

  /** Rejects a call with `reason`. Does nothing if it is settled. */
  settle(id: string, reason: unknown): void {
    this.#listener({ data: { id, type: 'RAW', value: { unsent: reason } } });
  }

  start(): void {
    this.#endpoint.start?.();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listener = listener;
    this.#endpoint.addEventListener(type, listener);
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#endpoint.removeEventListener(type, listener);
  }
}

/** Whether a message is a call or an answer of Comlink's. */
export function hasId(data: unknown): data is { id: string } {
  return typeof data === 'object' && data !== null && typeof (data as { id?: unknown }).id === 'string';
}
