// Following logs: which events are news, after the lines that were there already.
import type { Logs } from './wire.js';

type Stream = 'stdout' | 'stderr';

/** A line as an event tells it. */
export interface LineEvent {
  readonly app: string;
  readonly stream: Stream;
  readonly line: string;
  /** Where in its file the line ends; the original's daemon does not tell. */
  readonly end?: number;
  /** Counts how often the file was begun anew: emptied, for example. */
  readonly generation?: number;
}

interface Shown {
  readonly end: number;
  readonly generation: number | undefined;
}

/**
 * Says of each line whether it is news. One subscribes first and asks for the last lines then, so what came in between
 * comes twice: until a line lies beyond them, those of the same file that end within it were shown.
 */
export function news(initial: readonly (readonly [string, Logs])[]): (event: LineEvent) => boolean {
  const shown = new Map<string, Shown>();
  for (const [app, { ends, generations }] of initial)
    for (const stream of ['stdout', 'stderr'] as const)
      if (ends) shown.set(`${stream} ${app}`, { end: ends[stream], generation: generations?.[stream] });
  return ({ app, stream, end, generation }) => {
    const key = `${stream} ${app}`;
    const last = shown.get(key);
    if (last && end !== undefined && generation === last.generation && end <= last.end) return false;
    shown.delete(key);
    return true;
  };
}
