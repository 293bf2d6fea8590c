// The way from a thread to main: a turn's answers and events in one message, each log line at once.
import type { LoopDelay } from '../../telemetry/loop-delay.js';
import { AnswerPacker } from './answers.js';
import type { SharedState } from './claims.js';
import { EventPacker, type OutgoingEvent } from './event-packer.js';
import type { ThreadMessage, ThreadNews } from './messages.js';
import type { Port } from './port.js';
import { recordBytes } from './rows.js';

/** Bytes of answers and events that a thread may have sent and main not taken in. */
const OUTPUT_WINDOW = 4 * 1024 * 1024;
/** The same for log lines, in characters: main logs them one by one, which must not take long. */
const LOG_WINDOW = 256 * 1024;
/** Events are sent before the turn ends once they have this many bytes. */
const EAGER_BYTES = 128 * 1024;

export class Outbox {
  readonly answers = new AnswerPacker();
  readonly #events = new EventPacker();
  readonly #port: Port;
  readonly #shared: SharedState;
  #sent = 0;
  #logSent = 0;
  #linesLost = 0;
  #scheduled = false;

  constructor(port: Port, shared: SharedState) {
    this.#port = port;
    this.#shared = shared;
  }

  event(event: OutgoingEvent): void {
    this.#events.add(event);
    if (this.#events.bytes >= EAGER_BYTES) this.flush();
    else this.#schedule();
  }

  /**
   * Sends a log line at once: the lines of a turn in which the thread is killed must arrive. Past a bound lines are
   * lost, and main is told how many.
   */
  log(line: string): void {
    if (!this.#mayLog()) {
      this.#linesLost += 1;
      return;
    }
    this.#tellLost();
    this.#logSent = (this.#logSent + line.length) | 0;
    this.#post({ log: line });
  }

  ready(): void {
    this.#post({ ready: true });
  }

  tookBatch(): void {
    this.#post({ tookBatch: true });
  }

  loopDelay(loopDelay: LoopDelay): void {
    this.#post({ loopDelay });
  }

  refused(refused: number): void {
    this.#post({ refused });
  }

  /**
   * Sends the answers and events collected.
   *
   * @returns false while main has too much to take in: begin nothing new until it has.
   */
  readonly flush = (): boolean => {
    this.#shared.beat();
    if (this.#linesLost > 0 && this.#mayLog()) this.#tellLost();
    const answers = this.answers.pack();
    const events = this.#events.pack();
    if (answers) this.#sent = (this.#sent + messageBytes({ answers })) | 0;
    if (events) {
      this.#sent = (this.#sent + messageBytes({ events })) | 0;
      this.#post({ ...(answers ? { answers } : {}), events }, [...(answers ? [answers] : []), events.buffer]);
    } else if (answers) {
      this.#post(answers, [answers]);
    }
    return this.#below(OUTPUT_WINDOW, () => this.#shared.outstanding(this.#sent));
  };

  #mayLog(): boolean {
    return this.#below(LOG_WINDOW, () => this.#shared.logOutstanding(this.#logSent));
  }

  /** Whether less is outstanding than the window holds; if not, main calls `taken` when it has taken something in. */
  #below(window: number, outstanding: () => number): boolean {
    if (outstanding() < window) return true;
    this.#shared.awaitTaken();
    return outstanding() < window;
  }

  #tellLost(): void {
    if (this.#linesLost === 0) return;
    this.#post({ linesLost: this.#linesLost });
    this.#linesLost = 0;
  }

  #post(message: ThreadMessage, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}

/** The bytes of answers and events in a message: both sides count them alike. */
export function messageBytes({ answers, events }: Pick<ThreadNews, 'answers' | 'events'>): number {
  return (answers ? recordBytes(answers) : 0) + (events?.buffer.byteLength ?? 0);
}
