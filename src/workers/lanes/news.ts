// Takes a message of a worker apart, whatever the worker is, in the order that its parts need.
import type { AcceptEvents } from '../../ports.js';
import { unpackEvents } from '../link/event-packer.js';
import { newsOf, type ThreadMessage } from '../link/messages.js';
import { messageBytes } from '../link/outbox.js';
import type { LaneLinkHooks } from './lane-link.js';
import type { ThreadLog } from './thread-log.js';

export interface NewsSinks {
  readonly name: string;
  readonly hooks: Pick<LaneLinkHooks, 'onReady'> &
    Partial<Pick<LaneLinkHooks, 'onAnswers' | 'onBatchTaken' | 'onLoopDelay'>>;
  readonly onEvents: AcceptEvents;
  readonly log: ThreadLog;
  /** Gives a publisher its credit back. */
  readonly release: (bytes: number) => void;
  /** Counts events that `publish()` refused in a process. */
  readonly refused?: (count: number) => void;
  /** The bytes of answers and events, and the characters of log lines, that main has taken in. */
  readonly tookIn: (bytes: number, logCharacters: number) => void;
}

/** Hands on the parts of one message. */
export function takeNews(received: ThreadMessage, sinks: NewsSinks): void {
  const message = newsOf(received);
  const { hooks, log } = sinks;
  // Events first: a connection that ends with an answer still gets the events that its command published before.
  if (message.events) sinks.onEvents(unpackEvents(message.events), sinks.release);
  if (message.answers) hooks.onAnswers?.(message.answers);
  if (message.log !== undefined) log.line(message.log);
  if (message.linesLost !== undefined) log.lost(message.linesLost, sinks.name);
  sinks.tookIn(messageBytes(message), message.log?.length ?? 0);
  if (message.refused !== undefined) {
    sinks.refused?.(message.refused);
    log.refused(message.refused, sinks.name);
  }
  if (message.loopDelay !== undefined) hooks.onLoopDelay?.(message.loopDelay);
  if (message.tookBatch) hooks.onBatchTaken?.();
  if (message.ready) hooks.onReady();
}
