// One list of a folder of logs for all who look at it in the same turn, so that each does not read the whole folder.
import { allSegments, type Segment } from './segments.js';

export class SharedListing {
  readonly #directory: string;
  #files: Promise<ReadonlyMap<string, readonly Segment[]>> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The files of every log, as of {@link allSegments}, as they were at some moment since {@link renew}. */
  files(): Promise<ReadonlyMap<string, readonly Segment[]>> {
    return (this.#files ??= allSegments(this.#directory));
  }

  /** A turn begins, or a file has changed: the next one who looks reads the folder again. */
  renew(): void {
    this.#files = undefined;
  }
}
