// The embedder's logger, made safe to use: a full disk or a closed pipe costs log lines, and nothing else.
import { type Logger, pino } from 'pino';

/** The part of a stream that tells of errors. */
interface Emitter {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Streams that have our listener. It stays, since lines of a daemon that is closed may still be on their way. */
const heard = new WeakSet<object>();

/**
 * The same logger, whose methods never throw and whose destination's errors are not thrown either. Where the embedder
 * listens to those errors himself, he still gets them. A warning of the process reports the first lost line.
 */
export function unfailing(log: Logger): Logger {
  let told = false;
  const onLost = (error: unknown): void => {
    if (told) return;
    told = true;
    const why = error instanceof Error ? error.message : String(error);
    process.emitWarning(`The logger of the daemon failed and lost lines: ${why}`, {
      code: 'BUNCTL_LOG_LOST',
    });
  };
  listen((log as { [pino.symbols.streamSym]?: unknown })[pino.symbols.streamSym], onLost);
  return guarded(log, onLost);
}

/** A stream, or several behind one: those of `pino.multistream`. */
function listen(stream: unknown, onLost: (error: unknown) => void): void {
  if (typeof stream !== 'object' || stream === null) return;
  const { streams } = stream as { streams?: unknown };
  if (Array.isArray(streams))
    for (const each of streams as { stream?: unknown }[]) listen(each.stream, onLost);
  if (heard.has(stream) || typeof (stream as Partial<Emitter>).on !== 'function') return;
  heard.add(stream);
  (stream as Emitter).on('error', onLost);
}

/** Its functions are called on the logger itself, as pino's code expects. */
function guarded(log: Logger, onLost: (error: unknown) => void): Logger {
  const functions = new Map<unknown, unknown>();
  const guard =
    (method: (...args: unknown[]) => unknown, name: string | symbol) =>
    (...args: unknown[]): unknown => {
      if (name === 'child') return guarded(method.apply(log, args) as Logger, onLost);
      try {
        return method.apply(log, args);
      } catch (error) {
        onLost(error);
        return undefined;
      }
    };
  return new Proxy(log, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name === 'symbol') return value;
      const known = functions.get(value) ?? guard(value as () => unknown, name);
      functions.set(value, known);
      return known;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
