// The messages between the daemon and the keeper, the process that keeps the output of apps. They are frames of the library's
// wire with commands of their own; both ends belong to the same user.
import type { Stream } from '../state/paths.js';
import type { Environment } from './app-record.js';
import type { Owner } from './owner.js';

/** How the output of an app is kept. */
export interface LogSettings {
  /** `raw` keeps each stream in a file of its own, as the app printed it, without times. */
  readonly format: 'stamped' | 'raw';
  /** The size in bytes at which a file is put aside; 0 for no bound. */
  readonly maxSize: number;
  /** How many files that were put aside are kept. */
  readonly maxFiles: number;
  /** A file is put aside when a period of this many ms, counted from midnight, is over; 0 for never. */
  readonly rotateEvery: number;
  /** Whether files that were put aside are compressed. */
  readonly compress: boolean;
  /** How many lines a second are kept; the rest is counted. 0 for all. */
  readonly maxLines: number;
  /** The owner of the files; null for the user of the daemon. */
  readonly owner: Owner | null;
}

/** How the keeper starts a daemon again that has died. */
export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** The facts that a daemon tells about itself. */
export interface FromDaemon {
  readonly pid: number;
  /** How it is started again; null for not at all. */
  readonly again: DaemonCommand | null;
  /** With which environment; null for that of the keeper. Daemons of older versions do not tell it. */
  readonly environment?: Environment | null;
}

export interface OpenFifos {
  readonly id: string;
  readonly settings: LogSettings;
  readonly newRun: boolean;
  /** The FIFOs that there are, by their paths or through a process that has them open. */
  readonly fifos: Readonly<Partial<Record<Stream, string>>>;
}

export type KeeperRequest =
  /** This connection is the daemon's. When it ends without a `Leave`, the daemon has died. */
  | { readonly Hello: FromDaemon }
  /** Reads an app's FIFOs until nobody can write to them any more. A new run begins a new line. */
  | { readonly Open: OpenFifos }
  /** Answered when everything that the app has printed until now is in its log; null for all apps. */
  | { readonly Sync: { readonly id: string | null } }
  /** Answered by the generation of each app's log, as a list in JSON; see {@link Written.generation}. */
  | { readonly Generations: { readonly ids: readonly string[] } }
  /** Empties the log of an app, and removes the files that were put aside. */
  | { readonly Flush: { readonly id: string; readonly settings: LogSettings } }
  /** The app is gone for good: its FIFOs are removed when nobody can print into them any more. Answered by {@link READS_ON} until then. */
  | { readonly Remove: { readonly id: string } }
  /** The daemon ends as it was told to, and is not to be started again. */
  | { readonly Leave: object }
  /** The keeper ends at once; output waits in the FIFOs for the next one. */
  | { readonly End: object };

/** The answer to `Remove` when something that the app has left may still print. */
export const READS_ON = 'It is read on';

/** The answer to `Hello`. */
export interface KeeperHello {
  readonly version: string;
  readonly pid: number;
}

/** A piece of a log, as it was written; the data of the event `written`. */
export interface Written {
  readonly id: string;
  /** The stream of a raw log; null for records. */
  readonly stream: Stream | null;
  /** The bytes, each as the character of its number. Empty when there is only something to count. */
  readonly text: string;
  /** Where the text ends in its file, in bytes. */
  readonly end: number;
  /**
   * Grows when a file of the app's log is begun, emptied or put aside. A later text has a greater generation, or the
   * same generation and a greater end.
   */
  readonly generation: number;
  /** True: the text begins a record or a line, whatever its stream's text before it was. */
  readonly begins: boolean;
  /** True: something of this stream, perhaps a part of a line, is missing in front of the text. */
  readonly gap: boolean;
  /** How many lines were written, or were not, that are not in any text; they belong in front of this one. */
  readonly skipped: number;
}
