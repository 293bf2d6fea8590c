// What a planted fault is.
import type { Change } from '../simulation/build/change.js';

export interface Fault extends Change {
  /** What is wrong when it is planted, in a few words. */
  readonly fault: string;
  /** The test that must go red: a file below `test`, without `.test.ts`. */
  readonly test: string;
  /** A part of the full title of that test. */
  readonly title: string;
}

export interface Row {
  /** The first words of a row of one of the two tables. */
  readonly row: string;
  readonly faults: readonly Fault[];
  /** Why no fault can be planted, if there is none. */
  readonly reason?: string;
}
