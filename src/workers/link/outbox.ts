// What a thread has for main: a turn's answers, events and log lines in one message.
import type { MessagePort } from 'node:worker_threads';
import { AnswerPacker } from './batch.js';
import { EventPacker, type PackedEvents } from './event-packer.js';
import { OUTPUT_WINDOW, type SharedState } from './claims.js';

/** A one-way message from a thread to main. Answers go before events. */
export interface OutboxMessage {
  readonly ready?: true;
  readonly answers?: ArrayBuffer;
  readonly events?: PackedEvents;
  /** Lines of a logger that has no file descriptor. */
  readonly logs?: readonly string[];
}

/** Events are sent before the turn ends once so many bytes of them are there. */
const EAGER_BYTES = 128 * 1024;
const LOG_BYTES = 256 * 1024;

export class Outbox {
  readonly answers = new AnswerPacker();
  readonly #events = new EventPacker();
  #logs: string[] = [];
  #logBytes = 0;
  #logsLost = 0;
  #sent = 0;
  #scheduled = false;
  readonly #port: MessagePort;
  readonly #shared: SharedState;

  constructor(port: MessagePort, shared: SharedState) {
    this.#port = port;
    this.#shared = shared;
  }

  event(event: Parameters<EventPacker['add']>[0]): void {
    this.#events.add(event);
    if (this.#events.bytes >= EAGER_BYTES) this.flush();
    else this.#schedule();
  }

  /** Keeps a log line for main; past a bound lines are lost, and their number told. */
  log(line: string): void {
    if (this.#logBytes >= LOG_BYTES || this.#shared.outstanding(this.#sent) >= OUTPUT_WINDOW) {
      this.#logsLost += 1;
      return;
    }
    this.#logs.push(line);
    this.#logBytes += line.length;
    this.#schedule();
  }

  ready(): void {
    this.#port.postMessage({ ready: true } satisfies OutboxMessage);
  }

  /** Sends what is there. False when more is out than main should have to hold: begin nothing new then. */
  readonly flush = (): boolean => {
    this.#shared.beat();
    const answerBytes = this.answers.bytes;
    const answers = this.answers.pack();
    const eventBytes = this.#events.bytes;
    const events = this.#events.pack();
    const logs = this.#takeLogs();
    if (answers || events || logs) {
      const message: OutboxMessage = {
        ...(answers ? { answers } : {}),
        ...(events ? { events } : {}),
        ...(logs ? { logs } : {}),
      };
      const transfer = [answers, events?.buffer].filter((buffer) => buffer !== undefined);
      this.#sent = (this.#sent + outgoingBytes(answerBytes, eventBytes, logs)) | 0;
      this.#port.postMessage(message, transfer);
    }
    if (this.#shared.outstanding(this.#sent) < OUTPUT_WINDOW) return true;
    this.#shared.awaitTaken();
    return this.#shared.outstanding(this.#sent) < OUTPUT_WINDOW;
  };

  #takeLogs(): string[] | undefined {
    if (this.#logs.length === 0) return undefined;
    const logs = this.#logs;
    if (this.#logsLost > 0) {
      logs.push(
        `${JSON.stringify({ level: 40, msg: `${this.#logsLost} log lines of a worker were lost` })}\n`,
      );
    }
    this.#logs = [];
    this.#logBytes = 0;
    this.#logsLost = 0;
    return logs;
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

function outgoingBytes(answers: number, events: number, logs: readonly string[] | undefined): number {
  return answers + events + (logs?.reduce((sum, line) => sum + line.length, 0) ?? 0);
}

/** What main counts as taken in of a message; the same sum as the sender's. */
export function messageBytes({ answers, events, logs }: OutboxMessage): number {
  const answerBytes = answers ? answers.byteLength - answerIndexBytes(answers) : 0;
  return outgoingBytes(answerBytes, events?.buffer.byteLength ?? 0, logs);
}

function answerIndexBytes(answers: ArrayBuffer): number {
  const count = new Int32Array(answers, 0, 1)[0] ?? 0;
  return (1 + 4 * count) * Int32Array.BYTES_PER_ELEMENT;
}
