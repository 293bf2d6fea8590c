// How far one output file of an app has been followed.
import type { Stream } from '../state/paths.js';

export interface Followed {
  readonly id: string;
  readonly stream: Stream;
  readonly path: string;
  /** Where the next line begins; undefined: to be found at the file's end. */
  offset: number | undefined;
  /** Whether a line begins at the offset; one may be under way there that was passed over. */
  aligned: boolean;
  generation: number;
  dirty: boolean;
  /** The app has ended: what stands without a newline at its end is a line too. */
  ended: boolean;
}

/** A file that is shorter than before was emptied: it is followed from its start. */
export function emptied(followed: Followed, size: number): void {
  if (followed.offset === undefined || size >= followed.offset) return;
  followed.offset = 0;
  followed.aligned = true;
  followed.generation += 1;
}

/** Nobody has listened: what the file holds is handed to nobody, but for a line that is under way. */
export function passOver(followed: Followed, size: number): void {
  emptied(followed, size);
  if (followed.offset !== size) followed.aligned = false;
  followed.offset = size;
  followed.dirty = false;
}
