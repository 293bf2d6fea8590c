// Looks into the library while it runs: methods of a few classes tell what they are called with. They change nothing.
import type { Library } from '../build/bundle.js';
import type { Filter } from './events.js';

/** What the probes tell of the current run. */
export interface Observer {
  /** The broker has taken an event in; `payload` is its JSON. */
  eventTaken(type: string, app: string | null, payload: string): void;
  /** The broker begins a connection's subscription; it has routed `place` events before. */
  subscribed(connection: number, filter: Filter, place: number): void;
  unsubscribed(connection: number, place: number): void;
  /** Nothing that is published from now on is for this connection. */
  finishing(connection: number): void;
  /** A connection has this many commands without an answer. */
  submitted(connection: number, commands: number): void;
  eventSent(bytes: number): void;
  creditBack(bytes: number): void;
}

const HEADER_BYTES = 4;

type Method = (this: never, ...args: never[]) => unknown;

/** Calls `look` before or after a method of every instance. */
function watch<T extends object, K extends keyof T & string>(
  prototype: T,
  name: K,
  look: (instance: T, args: T[K] extends (...args: infer A) => unknown ? A : never, run: () => void) => void,
): void {
  const method = prototype[name] as Method;
  Object.defineProperty(prototype, name, {
    value(this: T, ...args: never[]) {
      let result: unknown;
      look(this, args as never, () => {
        result = method.apply(this as never, args);
      });
      return result;
    },
    configurable: true,
    writable: true,
  });
}

/** Puts the probes into a library; `observer` gives the observer of the current run. */
export function install(
  { Pipeline, Broker, Writer, Publisher, EventPacker }: Library,
  observer: () => Observer,
): void {
  let connection = 0;
  const writers = new WeakMap<object, number>();
  for (const name of ['onSubscribe', 'onUnsubscribe'] as const) {
    watch(Pipeline.prototype, name, ({ connectionId }, _args, run) => {
      connection = connectionId;
      run();
    });
  }
  watch(Pipeline.prototype, 'submit', (pipeline, _args, run) => {
    run();
    observer().submitted(pipeline.connectionId, pipeline.length);
  });
  watch(Broker.prototype, 'accept', (_broker, [runs], run) => {
    for (const { eventType, appName, bytes } of runs) {
      for (const payload of payloadsOf(bytes)) observer().eventTaken(eventType, appName, payload);
    }
    run();
  });
  watch(Broker.prototype, 'subscribe', (broker, [writer, filter], run) => {
    writers.set(writer, connection);
    observer().subscribed(connection, filter, broker.stats().routed);
    run();
  });
  watch(Broker.prototype, 'unsubscribe', (broker, _args, run) => {
    observer().unsubscribed(connection, broker.stats().routed);
    run();
  });
  watch(Writer.prototype, 'finish', (writer, _args, run) => {
    const of = writers.get(writer);
    if (of !== undefined) observer().finishing(of);
    run();
  });
  watch(Publisher.prototype, 'release', (_publisher, [bytes], run) => {
    observer().creditBack(bytes);
    run();
  });
  watch(EventPacker.prototype, 'add', (_packer, [{ size }], run) => {
    observer().eventSent(HEADER_BYTES + size);
    run();
  });
}

function* payloadsOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length;) {
    const end = at + HEADER_BYTES + buffer.readUInt32LE(at);
    yield buffer.toString('utf8', at + HEADER_BYTES, end);
    at = end;
  }
}
