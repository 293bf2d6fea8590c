// Merges the lines of several apps by their times, without holding more than a block of each.
import type { LogLine } from './log-line.js';

/** Lines of one app, in order. */
export interface AppLines {
  readonly app: string;
  readonly lines: readonly LogLine[];
}

interface Source {
  readonly app: string;
  readonly batches: AsyncIterator<readonly LogLine[], undefined>;
  /** If the next lines of several sources have the same time, the source with the least number comes first. */
  readonly number: number;
  lines: readonly LogLine[];
  /** The first line that was not handed on. */
  next: number;
}

/** All lines by time; lines of one app stay in their order. */
export async function* mergeByTime(
  apps: readonly { readonly app: string; readonly batches: AsyncIterable<readonly LogLine[]> }[],
): AsyncGenerator<AppLines> {
  const sources: Source[] = apps.map(({ app, batches }, number) => ({
    app,
    batches: batches[Symbol.asyncIterator](),
    number,
    lines: [],
    next: 0,
  }));
  try {
    for (const source of sources) await refill(source);
    // The source of the earliest line is the last one.
    const waiting = sources.filter(hasLines).sort((a, b) => (isBefore(a, b) ? 1 : -1));
    for (let first = waiting.pop(); first; first = waiting.pop()) {
      // As many as come before every line of the others.
      const second = waiting.at(-1);
      const limit = second ? time(second) : Infinity;
      let end = first.next + 1;
      while (end < first.lines.length && timeOf(first.lines[end]) <= limit) end += 1;
      yield { app: first.app, lines: first.lines.slice(first.next, end) };
      first.next = end;
      await refill(first);
      if (hasLines(first)) waiting.splice(placeOf(first, waiting), 0, first);
    }
  } finally {
    for (const { batches } of sources) await batches.return?.();
  }
}

/** Lines that have no time, and none before them that has, come first. */
const timeOf = (line: LogLine | undefined): number =>
  line === undefined || Number.isNaN(line.at) ? -Infinity : line.at;
const time = ({ lines, next }: Source): number => timeOf(lines[next]);
const hasLines = ({ lines, next }: Source): boolean => next < lines.length;

function isBefore(one: Source, other: Source): boolean {
  const [a, b] = [time(one), time(other)];
  return a < b || (a === b && one.number < other.number);
}

/** Where a source belongs among those that wait, of which the last one comes first. */
function placeOf(source: Source, waiting: readonly Source[]): number {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(source, waiting[middle] as Source)) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function refill(source: Source): Promise<void> {
  while (source.next >= source.lines.length) {
    const next = await source.batches.next();
    source.next = 0;
    source.lines = next.done ? [] : next.value;
    if (next.done) return;
  }
}
