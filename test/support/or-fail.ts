// For promises that a test does not wait for: a rejection fails the run instead of being lost.

/** Throws what it is given, so that a rejection that nobody expected is reported as unhandled. */
export function orFail(error: unknown): never {
  throw error;
}
