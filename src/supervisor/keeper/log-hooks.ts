// What a file of a log reports to the app's log, and asks of it.

/** The lines and bytes of an app that were lost. */
export interface Lost {
  lines: number;
  bytes: number;
}

export interface LogFileHooks {
  /** A part of the text is in the file. */
  onWritten(text: string, end: number): void;
  /** A file is written from its beginning. Returns the log's next generation, which is greater than this former one. */
  onBegun(former: number): number;
  /** A part of the text could not be written. Returns how much of the app's output it was. */
  lossOf(text: string): Lost;
  /** The line, with its end, that tells of something about the log itself. */
  notice(sentence: string): string;
  /** The file was opened for the first time and ends with an unfinished line: its beginning, of one byte at least. */
  onUnfinished(line: Buffer): void;
  /** The file at this path was put aside. */
  onAside(path: string): void;
  onFault(message: string): void;
}
