// The broker's mailbox: events in the order in which publishers sent them, and among them the writers that leave.
import { CHUNK_BYTES, type EventRun } from '../protocol/events.js';
import { Queue } from '../queue.js';
import type { Writer } from '../writer/writer.js';
import type { Group } from './router.js';

/** Events of one publisher; `release` gives the publisher's credit back. */
export interface EventLetter {
  readonly run: EventRun;
  readonly release: (bytes: number) => void;
}

/** A writer that stays for the events before this letter. */
export interface LeaveLetter {
  readonly leaving: Writer;
}

/** Letters that are routed together, and for each group the runs that it gets. */
export interface Step {
  readonly letters: readonly EventLetter[];
  readonly recipients: ReadonlyMap<Group, readonly EventRun[]>;
}

export class Mailbox {
  readonly #letters = new Queue<EventLetter | LeaveLetter>();
  #bytes = 0;

  /** Event bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(letter: EventLetter | LeaveLetter): void {
    this.#letters.push(letter);
    if ('run' in letter) this.#bytes += letter.run.bytes.byteLength;
  }

  /** Takes out a writer that has got every event before its letter, if the oldest letter is one. */
  takeLeaving(): Writer | undefined {
    const letter = this.#letters.peek();
    if (!letter || 'run' in letter) return undefined;
    this.#letters.shift();
    return letter.leaving;
  }

  /** As many of the oldest events as make one chunk; they stay in the mailbox. Undefined without any. */
  nextStep(match: (run: EventRun) => readonly Group[]): Step | undefined {
    const letters: EventLetter[] = [];
    const recipients = new Map<Group, EventRun[]>();
    let bytes = 0;
    for (const letter of this.#letters) {
      if (!('run' in letter)) break;
      const { run } = letter;
      if (letters.length > 0 && bytes + run.bytes.byteLength > CHUNK_BYTES) break;
      letters.push(letter);
      bytes += run.bytes.byteLength;
      for (const group of match(run)) {
        const runs = recipients.get(group);
        if (runs) runs.push(run);
        else recipients.set(group, [run]);
      }
    }
    return letters.length > 0 ? { letters, recipients } : undefined;
  }

  /** Takes out the letters of a step. */
  remove({ letters }: Step): void {
    for (const { run } of letters) {
      this.#letters.shift();
      this.#bytes -= run.bytes.byteLength;
    }
  }

  /** Drops every letter; returns the writers that were leaving. */
  clear(): Writer[] {
    this.#bytes = 0;
    return this.#letters.takeAll().flatMap((letter) => ('run' in letter ? [] : letter.leaving));
  }
}
