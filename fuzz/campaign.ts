// Runs the checks: every cut of a small stream, then generated payloads and streams.
import fc from 'fast-check';
import { Checks, STREAM } from './checks.js';
import { payloads } from './payloads.js';
import { type StreamCase, streams } from './streams.js';

export const PROPERTIES = ['payloads', 'streams'] as const;
export type PropertyName = (typeof PROPERTIES)[number];

export interface Extent {
  readonly runs?: number;
  readonly ms?: number;
  readonly seed?: number;
  readonly path?: string;
}

export interface Outcome {
  readonly runs: number;
  /** What went wrong and how to replay it; undefined if nothing did. */
  readonly failure: string | undefined;
}

/** Every truncation of a stream: by the end of the stream, and by a client that is gone. */
export async function everyTruncation(checks: Checks): Promise<void> {
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    await checks.stream(STREAM.subarray(0, cut));
    await checks.cutOff(STREAM.subarray(0, cut));
  }
}

/** Every split of a stream in two. */
export async function everySplit(checks: Checks): Promise<void> {
  for (let cut = 0; cut <= STREAM.length; cut += 1) await checks.stream(STREAM, [cut]);
}

/** Generated payloads, or generated streams. */
export function generated(name: PropertyName, checks: Checks, extent: Extent): Promise<Outcome> {
  if (name === 'streams') {
    const property = fc.asyncProperty(streams, ({ bytes, cuts }) => checks.stream(bytes, cuts));
    return played(name, property, extent, shownStream);
  }
  const lists = fc.array(payloads, { minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(lists, (all) => checks.payloads(all));
  return played(name, property, extent, (all) => all.map(shownBytes).join(' and '));
}

async function played<T>(
  name: PropertyName,
  property: fc.IAsyncProperty<[T]>,
  { runs = Number.MAX_SAFE_INTEGER, ms, seed, path }: Extent,
  shown: (sent: T) => string,
): Promise<Outcome> {
  const details = await fc.check(property, {
    numRuns: runs,
    // It looks at no value, whatever the values are.
    plugins: ms === undefined ? [] : [fc.interruptAfterTimeLimit(ms) as fc.Plugin<[T]>],
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  });
  // An interruption without a counterexample is the end of the given time.
  if (!details.failed || details.counterexample === null)
    return { runs: details.numRuns, failure: undefined };
  const { counterexamplePath, counterexample, errorInstance } = details;
  const replay = `npm run fuzz -- --only ${name} --seed=${details.seed} --path=${counterexamplePath}`;
  const why = (errorInstance as Error | null)?.message ?? '';
  return {
    runs: details.numRuns,
    failure: `${why}\nsent: ${shown(counterexample[0])}\nreplay it: ${replay}`,
  };
}

const shownStream = ({ bytes, cuts }: StreamCase): string =>
  `${shownBytes(bytes)}, cut at ${cuts.join(', ') || 'no place'}`;

/** The first bytes, those that are not printable as escapes. */
function shownBytes(bytes: Buffer): string {
  const text = JSON.stringify(bytes.subarray(0, 300).toString('latin1'));
  return bytes.length > 300 ? `${text}… (${bytes.length} bytes)` : text;
}
