// Comlink between threads, restricted: the other side can call the functions of one table by name, and nothing else.
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { MessagePort } from 'node:worker_threads';
import { CallingEndpoint, type Endpoint, hasId, type Listener } from './calling-endpoint.js';
import type { Port } from './port.js';
import { ERROR_CODES, type ErrorData, errorToData, IpcError } from '../../protocol/errors.js';

/** Functions by name. It has no prototype chain, so that `constructor` and the like are not names in it. */
export type FunctionTable = ReadonlyMap<string, (...args: never[]) => unknown>;

/** The result of a call. Errors travel as data, since structured clone drops their codes. */
type Outcome = { readonly value: unknown } | { readonly error: ErrorData } | Unsent;

/** Made on the caller's side, for a call that could not be posted, or was given up. */
interface Unsent {
  readonly unsent: unknown;
}

/** A call that its caller may give up. */
export interface Call {
  /** The value, or the error that was thrown; neither comes if the port closes first. */
  readonly answer: Promise<unknown>;
  /** Rejects the answer with `reason`. Nothing of the call is kept on this side then. */
  readonly giveUp: (reason: unknown) => void;
}

interface Exposed {
  call(name: string, args: unknown[]): Promise<Outcome>;
}

/** The far side of {@link expose}. */
export interface Remote {
  /** Calls a function of the table. Rejects with the error it threw; never settles if the port closes first. */
  call(name: string, args: unknown[], transfer?: readonly (ArrayBuffer | MessagePort)[]): Promise<unknown>;
  /** As {@link call}, for a caller that may give up. */
  begin(name: string, args: unknown[]): Call;
}

/**
 * Exposes a table of functions on a port.
 *
 * Comlink follows property paths from the exposed object, prototypes included. `call.constructor` is the Function
 * constructor, by which a caller could run any code on this side, and an assignment would set properties here. So only
 * messages that apply the path `call` to plain arguments reach Comlink.
 */
export function expose(table: FunctionTable, port: Port): void {
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

/** The caller's side of a port on which the other side has exposed a table. */
export function remote(port: Port): Remote {
  const calls = new CallingEndpoint(nodeEndpoint(port));
  const proxy = Comlink.wrap<Exposed>(calls);
  // Taken once: each access of a proxy's property makes and registers another proxy.
  const { call } = proxy;
  // Comlink keeps a port while a proxy of it lives, and the port keeps the calls without an answer. Where those lead back
  // to the proxy, nothing would ever be collected.
  port.once('close', () => proxy[Comlink.releaseProxy]());
  return {
    // Async: a call of a port that is closed throws.
    call: async (name, args, transfer = []) =>
      answerOf(call(name, transfer.length > 0 ? Comlink.transfer(args, [...transfer]) : args)),
    begin(name, args) {
      const outcome = call(name, args);
      const id = calls.posted;
      return { answer: answerOf(outcome), giveUp: (reason) => calls.settle(id, reason) };
    },
  };
}

async function answerOf(called: Promise<Outcome>): Promise<unknown> {
  const outcome = await called;
  if ('unsent' in outcome) throw outcome.unsent;
  if ('error' in outcome) throw dataToError(outcome.error);
  return outcome.value;
}

function dataToError({ code, message, stack, name }: ErrorData): Error {
  const ours = code !== undefined && Object.hasOwn(ERROR_CODES, code);
  const error: Error & { code?: string } = ours ? new IpcError(code, message) : new Error(message);
  if (!ours) Object.assign(error, { name }, code === undefined ? {} : { code });
  error.stack = stack ?? '';
  return error;
}

/** An endpoint that passes calls of `call` with plain arguments on, and refuses every other message. */
function onlyCalls(endpoint: Endpoint): Endpoint {
  const guards = new Map<Listener, Listener>();
  const refuse = (id: string, error: Error): void =>
    endpoint.postMessage({ id, type: 'RAW', value: { error: errorToData(error) } });
  return {
    postMessage(message, transfer) {
      try {
        endpoint.postMessage(message, transfer);
      } catch (error) {
        if (!hasId(message)) throw error;
        const why = `What the function returned cannot be sent to its caller: ${errorToData(error).message}`;
        refuse(message.id, new TypeError(why, { cause: error }));
      }
    },
    start: () => endpoint.start?.(),
    addEventListener(type, listener) {
      const guard: Listener = (event) => {
        if (isPlainCall(event.data)) {
          listener(event);
        } else if (hasId(event.data)) {
          refuse(
            event.data.id,
            new IpcError('SERVICE_METHOD_UNKNOWN', 'Only call(name, args) is exposed here'),
          );
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
