// A broker and its writers with a clock and sinks of the test's own: no socket, no thread, no waiting.
import { encodeEvent, type EventFilter } from 'bunctl-ipc/protocol';
import { expect } from 'vitest';
import { Broker } from '#dist/broker/broker.js';
import { Writer } from '#dist/writer/writer.js';
import { FakeClock } from './fake-clock.js';
import { FakeSink } from './fake-sink.js';
import { frame } from './raw-client.js';

export const ALL: EventFilter = { kind: 'AllEvents', appName: null };
const LIMITS = {
  queueBytes: 4000,
  whenFull: 'drop-oldest' as 'drop-oldest' | 'drop-newest' | 'disconnect',
  highWater: 2000,
  lowWater: 500,
  writeHighWaterMark: 1000,
  eventHold: 100,
};

/** A broker, and writers made as they are needed; `limits` are those of each writer. */
export function world(limits: Partial<typeof LIMITS> = {}, stallGrace = 250) {
  const clock = new FakeClock();
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  const broker = new Broker({ clock, stallGrace, heartbeat: 20_000, onFault });
  const deferred: (() => void)[] = [];
  let bytes = 0;
  let released = 0;
  const writer = (own: Partial<typeof LIMITS> = {}) => {
    const sink = new FakeSink();
    const events: string[] = [];
    const made = new Writer(
      sink,
      { ...LIMITS, ...limits, ...own },
      clock,
      {
        onBytes: (delta) => (bytes += delta),
        onResponsesDrained: () => void events.push('drained'),
        onBehind: () => undefined,
        onCut: () => void events.push('cut'),
        onFinished: () => void events.push('finished'),
      },
      (action) => void deferred.push(action),
    );
    return { sink, writer: made, hooks: events };
  };
  return {
    clock,
    broker,
    writer,
    /** Two writers that are subscribed to all events; their answers are on the way. */
    subscribedPair() {
      const pair = [writer(), writer()] as const;
      for (const each of pair) broker.subscribe(each.writer, ALL, SUCCESS);
      this.turn();
      return pair;
    },
    subscribe: (to: Writer, filter = ALL) => broker.subscribe(to, filter, SUCCESS),
    publish(
      count: number,
      data: object = { filler: 'x'.repeat(60) },
      { eventType = 'log_line', appName = 'a' }: { eventType?: string; appName?: string | null } = {},
    ) {
      for (let n = 0; n < count; n += 1) {
        const run = encodeEvent(eventType, data);
        broker.accept([{ eventType, appName, bytes: run, count: 1 }], (size) => (released += size));
      }
    },
    /** Publishes until the flow would wait for this one, while the others read; leaves nothing in the mailbox. */
    fill(
      full: Writer,
      readers: readonly FakeSink[] = [],
      what?: { eventType?: string; appName?: string | null },
    ) {
      for (let n = 0; n < 1000 && !full.blocking; n += 1) {
        this.publish(1, { filler: 'x'.repeat(60) }, what);
        for (const sink of readers) sink.drain();
      }
      expect(full.blocking).toBe(true);
    },
    turn() {
      for (const action of deferred.splice(0)) action();
    },
    memory: () => bytes,
    faults,
    released: () => released,
  };
}

export const SUCCESS = frame('{"Success":{"message":"Subscribed to events"}}');
export const ANSWER = frame('{"Success":{"message":"done"}}');
/** The event type, or the message, of each frame. */
export const kinds = (frames: readonly unknown[]): string[] =>
  frames.map((one) => {
    const { Event, Success } = one as { Event?: { event_type: string }; Success?: { message: string } };
    return Event?.event_type ?? Success?.message ?? 'other';
  });
/** The numbers of the events. */
export const numbers = (frames: readonly unknown[]): number[] =>
  (frames as { Event?: { data: { n?: number } } }[]).flatMap(({ Event }) => Event?.data.n ?? []);
/** The number of events that came, and of those that the notices of dropped events tell. */
export const told = (frames: readonly unknown[]): { delivered: number; dropped: number } => {
  const events = (frames as { Event?: { event_type: string; data: { dropped: number } } }[]).flatMap(
    ({ Event }) => Event ?? [],
  );
  const dropped = events.filter(({ event_type }) => event_type === 'events_dropped');
  return {
    delivered: events.length - dropped.length,
    dropped: dropped.reduce((sum, { data }) => sum + data.dropped, 0),
  };
};
