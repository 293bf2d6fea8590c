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
  lines: readonly LogLine[];
  /** The first line that was not handed on. */
  next: number;
}

/** All lines by time; lines of one app stay in their order. */
export async function* mergeByTime(
  apps: readonly { readonly app: string; readonly batches: AsyncIterable<readonly LogLine[]> }[],
): AsyncGenerator<AppLines> {
  let sources: Source[] = apps.map(({ app, batches }) => ({
    app,
    batches: batches[Symbol.asyncIterator](),
    lines: [],
    next: 0,
  }));
  try {
    for (;;) {
      for (const source of sources) await refill(source);
      sources = sources.filter(({ lines }) => lines.length > 0);
      const [first, ...others] = sources.toSorted((a, b) => time(a) - time(b));
      if (!first) return;
      // As many as come before every line of the others.
      const limit = others[0] ? time(others[0]) : Infinity;
      let end = first.next + 1;
      while (end < first.lines.length && timeOf(first.lines[end]) <= limit) end += 1;
      yield { app: first.app, lines: first.lines.slice(first.next, end) };
      first.next = end;
    }
  } finally {
    for (const { batches } of sources) await batches.return?.();
  }
}

/** Lines that have no time, and none before them that has, come first. */
const timeOf = (line: LogLine | undefined): number =>
  line === undefined || Number.isNaN(line.at) ? -Infinity : line.at;
const time = ({ lines, next }: Source): number => timeOf(lines[next]);

async function refill(source: Source): Promise<void> {
  while (source.next >= source.lines.length) {
    const next = await source.batches.next();
    source.next = 0;
    source.lines = next.done ? [] : next.value;
    if (next.done) return;
  }
}
