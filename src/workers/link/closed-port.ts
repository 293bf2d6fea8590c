// Comlink between threads, closed: of what a port exposes one function can be called by name, and nothing else reached.
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { MessagePort } from 'node:worker_threads';
import { ERROR_CODES, type ErrorData, errorToData, IpcError } from '../../protocol/errors.js';

/** A table of functions by name. Looked up without prototypes, so `constructor` and the like are no names. */
export type FunctionTable = ReadonlyMap<string, (...args: never[]) => unknown>;

/** What a call gives back: errors travel as data, since structured clone drops their codes. */
type Outcome = { readonly value: unknown } | { readonly error: ErrorData };

interface Exposed {
  call(name: string, args: unknown[]): Promise<Outcome>;
}

/** The far side of {@link expose}. */
export interface Remote {
  /** Calls a function of the table. Rejects with what it threw; never settles when the other thread is dead. */
  call(name: string, args: unknown[], transfer?: readonly (ArrayBuffer | MessagePort)[]): Promise<unknown>;
}

/**
 * Exposes a table of functions on a port.
 *
 * Comlink walks property paths from what is exposed, prototypes included: `call.constructor` would be the
 * Function constructor, that is, code of the caller's choice run on this side, and assignments would set
 * properties here. So only messages that apply the path `call` to plain arguments reach it.
 */
export function expose(table: FunctionTable, port: MessagePort): void {
  const exposed: Exposed = {
    async call(name, args) {
      try {
        const target = typeof name === 'string' ? table.get(name) : undefined;
        if (!target)
          throw new IpcError(
            'SERVICE_METHOD_UNKNOWN',
            `There is no function ${JSON.stringify(name)} to call`,
          );
        return { value: await target(...(args as never[])) };
      } catch (error) {
        return { error: errorToData(error) };
      }
    },
  };
  Comlink.expose(exposed, onlyCalls(nodeEndpoint(port)));
}

/** Wraps a port on which the other side has exposed a table. */
export function remote(port: MessagePort): Remote {
  const proxy = Comlink.wrap<Exposed>(nodeEndpoint(port));
  return {
    async call(name, args, transfer = []) {
      const outcome = await proxy.call(
        name,
        transfer.length > 0 ? Comlink.transfer(args, [...transfer]) : args,
      );
      if ('error' in outcome) throw dataToError(outcome.error);
      return outcome.value;
    },
  };
}

function dataToError({ code, message, stack, name }: ErrorData): Error {
  const ours = code !== undefined && Object.hasOwn(ERROR_CODES, code);
  const error: Error & { code?: string } = ours ? new IpcError(code, message) : new Error(message);
  if (!ours) Object.assign(error, { name }, code === undefined ? {} : { code });
  error.stack = stack ?? '';
  return error;
}

/** The part of an endpoint that Comlink uses here; its own type speaks of the DOM. */
interface Endpoint {
  postMessage(message: unknown, transfer?: unknown[]): void;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  start?(): void;
}
type Listener = (event: { readonly data: unknown }) => void;

/** An endpoint that lets through calls of `call` with plain arguments and answers everything else with a refusal. */
function onlyCalls(endpoint: Endpoint): Endpoint {
  const guards = new Map<Listener, Listener>();
  return {
    postMessage: (message, transfer) => endpoint.postMessage(message, transfer),
    start: () => endpoint.start?.(),
    addEventListener(type, listener) {
      const guard: Listener = (event) => {
        if (isPlainCall(event.data)) {
          listener(event);
        } else if (hasId(event.data)) {
          const refusal = new IpcError('SERVICE_METHOD_UNKNOWN', 'Only call(name, args) is exposed here');
          endpoint.postMessage({ id: event.data.id, type: 'RAW', value: { error: errorToData(refusal) } });
        }
      };
      guards.set(listener, guard);
      endpoint.addEventListener(type, guard);
    },
    removeEventListener(type, listener) {
      endpoint.removeEventListener(type, guards.get(listener) ?? listener);
      guards.delete(listener);
    },
  };
}

function hasId(data: unknown): data is { id: string } {
  return typeof data === 'object' && data !== null && typeof (data as { id?: unknown }).id === 'string';
}

function isPlainCall(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const { type, path, argumentList } = data as { type?: unknown; path?: unknown; argumentList?: unknown };
  return (
    type === 'APPLY' &&
    Array.isArray(path) &&
    path.length === 1 &&
    path[0] === 'call' &&
    Array.isArray(argumentList) &&
    argumentList.length === 2 &&
    argumentList.every(
      (wire) => typeof wire === 'object' && wire !== null && (wire as { type?: unknown }).type === 'RAW',
    )
  );
}
