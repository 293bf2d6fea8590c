// Events and filters: the event types that each subscription passes, as pure functions.
import type { Buffer } from 'node:buffer';
import { IpcError } from './errors.js';
import { encodeFrame } from './frames.js';
import { writeJson } from './json.js';
import type { SubscriptionType } from './messages.js';

/** The event types that `StatusEvents` passes. */
export const STATUS_EVENT_TYPES: ReadonlySet<string> = new Set([
  'status_change',
  'process_started',
  'process_exited',
  'process_crashed',
  'process_restarting',
]);

/** The event type that `LogEvents` passes. */
export const LOG_EVENT_TYPE = 'log_line';
/**
 * The longest app name, in characters, of a subscription and of an event. Main keeps a subscription's as long as that lasts; an
 * event's is not sent, so no credit counts it.
 */
export const LONGEST_APP_NAME = 4096;
/** Sent to a subscriber in place of dropped events: `data.dropped` is their number. */
export const DROPPED_EVENT_TYPE = 'events_dropped';
/** Sent to idle subscribers, so that clients with a read timeout stay connected. */
export const HEARTBEAT_EVENT_TYPE = 'heartbeat';

/** An event before it is encoded. Filters compare `appName`; it is null for an event that does not belong to an app. */
export interface EventInput {
  readonly eventType: string;
  readonly appName?: string | null | undefined;
  readonly data: unknown;
}

/**
 * The largest size of a run of events, and of a chunk given to a socket, unless it is a single larger frame. Linux takes a write
 * of up to 32 KiB to a Unix socket whole or not at all. Therefore a connection that is cut ends after a whole frame.
 */
export const CHUNK_BYTES = 32 * 1024;

/** Consecutive events of one type and app, encoded as whole frames: at most {@link CHUNK_BYTES}, unless it is a single frame. */
export interface EventRun {
  readonly eventType: string;
  readonly appName: string | null;
  /** The number of events. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** A subscription in the form that the broker compares. */
export interface EventFilter {
  readonly kind: 'StatusEvents' | 'LogEvents' | 'AllEvents';
  /** Exact app name, or null for every app. */
  readonly appName: string | null;
}

/** The filter of a subscription. */
export function filterOf(subscription: SubscriptionType): EventFilter {
  const [kind, { app_name: appName }] = Object.entries(subscription)[0] as [
    EventFilter['kind'],
    { app_name: string | null },
  ];
  return { kind, appName };
}

/** Whether a kind of subscription passes an event type. */
export function kindPasses(kind: EventFilter['kind'], eventType: string): boolean {
  if (kind === 'AllEvents') return true;
  return kind === 'LogEvents' ? eventType === LOG_EVENT_TYPE : STATUS_EVENT_TYPES.has(eventType);
}

/** Whether a filter passes an event. */
export function filterPasses(filter: EventFilter, eventType: string, appName: string | null): boolean {
  return (filter.appName === null || filter.appName === appName) && kindPasses(filter.kind, eventType);
}

/**
 * An event's JSON text.
 *
 * @throws {IpcError} `EVENT_INVALID` if its data cannot be written as JSON.
 */
export function eventText(eventType: string, data: unknown): string {
  try {
    // Each part is written separately: JSON leaves out some values, such as functions, and the event must still have data.
    return `{"Event":{"event_type":${writeJson(eventType)},"data":${writeJson(data ?? null)}}}`;
  } catch (cause) {
    throw unencodable(eventType, cause);
  }
}

/**
 * Encodes an event as one frame.
 *
 * @throws {IpcError} `EVENT_INVALID` if its data cannot be written as JSON or is too large.
 */
export function encodeEvent(eventType: string, data: unknown, maxMessageSize?: number): Buffer {
  const text = eventText(eventType, data);
  try {
    return encodeFrame(text, maxMessageSize);
  } catch (cause) {
    throw unencodable(eventType, cause);
  }
}

function unencodable(eventType: string, cause: unknown): IpcError {
  const why = cause instanceof Error ? cause.message : 'not JSON';
  return new IpcError('EVENT_INVALID', `Event ${eventType} cannot be encoded: ${why}`, { cause });
}
