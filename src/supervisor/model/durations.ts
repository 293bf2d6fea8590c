// Times in the wire's form. Apart from the schemas, so that code that only computes with times does not load them.

/** `nanos` beside whole seconds, as the original's language writes it. */
export interface Duration {
  readonly secs: number;
  readonly nanos: number;
}

/** In milliseconds. */
export function milliseconds({ secs, nanos }: Duration): number {
  return secs * 1000 + nanos / 1e6;
}
