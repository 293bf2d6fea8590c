// The steps in the life of a daemon that it tells of: one table, with the fields of each message and its line in the log.
import type { Isolation } from '../isolation.js';

/** The fields of each step's message, beside `daemon`. Docs/observability.md says when each is told. */
export interface DaemonSteps {
  'daemon.listening': object;
  'daemon.stopping': { readonly grace: number };
  'daemon.stopped': { readonly inTime: boolean };
  'daemon.undo-failed': { readonly err: unknown };
  'daemon.stop-failed': { readonly err: unknown };
  'endpoint.rebound': object;
  'endpoint.fault': { readonly err: unknown };
  'connections.limited': { readonly wanted: number; readonly max: number };
  'connection.opened': { readonly connectionId: number };
  'connection.closed': { readonly connectionId: number };
  'connection.refused': { readonly code: string };
  'connection.evicted': { readonly connectionId: number };
  'connection.fault': { readonly err: unknown; readonly connectionId?: number | undefined };
  'command.timed-out': { readonly connectionId: number };
  'command.failed': { readonly err: unknown };
  'lane.started': LaneFields;
  'lane.ready': LaneFields;
  'lane.late': LaneFields;
  'lane.recovered': LaneFields;
  'lane.ended': LaneFields;
  'lane.died': LaneFields & { readonly err: unknown };
  'lanes.grown': { readonly isolation: Isolation };
  'lanes.down': { readonly isolation: Isolation; readonly err: unknown };
  'service.up': object;
  'service.down': { readonly err: unknown };
  'subscriber.behind': { readonly connectionId: number };
  'subscriber.caught-up': { readonly connectionId: number };
  'subscriber.cut': { readonly connectionId: number };
  'subscriber.fault': { readonly err: unknown };
  'events.refused': { readonly thread: string; readonly count: number };
  'publish.refused': { readonly code: string | undefined; readonly why: string };
  'log.lines-lost': { readonly thread: string; readonly lines: number };
}

interface LaneFields {
  /** The lane's id, which is counted in each isolation by itself. */
  readonly lane: number;
  readonly isolation: Isolation;
}

export type StepName = keyof DaemonSteps;

/** The message of a step. `daemon` is the daemon's `socketPath`. */
export type StepMessage<N extends StepName = StepName> = { readonly daemon: string } & DaemonSteps[N];

/** How a step is logged. */
export interface StepLine<F> {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly words: string | ((fields: F) => string);
  /** Whether the line has the daemon's path. */
  readonly withPath?: true;
}

/** A step: the names of the fields in its message, its meaning, and its line in the log if it has one. */
interface Step<F> {
  readonly fields: readonly (keyof F)[];
  readonly meaning: string;
  readonly line?: StepLine<F>;
}

const LANE = ['lane', 'isolation'] as const;

/** Every step. */
export const STEPS: { readonly [N in StepName]: Step<DaemonSteps[N]> } = {
  'daemon.listening': {
    fields: [],
    meaning: 'the start is over: commands are answered',
    line: { level: 'info', words: 'daemon listening', withPath: true },
  },
  'daemon.stopping': {
    fields: ['grace'],
    meaning: '`close()` was called',
    line: { level: 'info', words: 'daemon stopping' },
  },
  'daemon.stopped': {
    fields: ['inTime'],
    meaning: '`close()` is done; `inTime` is its result',
    line: { level: 'info', words: 'daemon stopped' },
  },
  'daemon.undo-failed': {
    fields: ['err'],
    meaning: 'the start has failed, and a step of undoing it has failed too',
    line: { level: 'error', words: 'a step of undoing the start failed' },
  },
  'daemon.stop-failed': {
    fields: ['err'],
    meaning: 'a step of `close()` failed; the other steps still run',
    line: { level: 'error', words: 'a step of stopping failed; the other steps still run', withPath: true },
  },
  'endpoint.rebound': {
    fields: [],
    meaning: 'the socket file had disappeared and was bound again',
    line: { level: 'warn', words: 'the socket file had disappeared and was bound again', withPath: true },
  },
  'endpoint.fault': {
    fields: ['err'],
    meaning: 'the socket has a fault that the daemon survives; told once for as long as the fault lasts',
    line: { level: 'error', words: 'the endpoint has a fault', withPath: true },
  },
  'connections.limited': {
    fields: ['wanted', 'max'],
    meaning: 'the limit of open files allows fewer connections than `connections.max`',
    line: {
      level: 'warn',
      words: ({ wanted, max }) =>
        `the limit of open files allows ${max} connections, not ${wanted}; raise it with ulimit -n`,
    },
  },
  'connection.opened': { fields: ['connectionId'], meaning: 'a connection was accepted' },
  'connection.closed': { fields: ['connectionId'], meaning: 'a connection has ended, for whatever reason' },
  'connection.refused': {
    fields: ['code'],
    meaning: 'a connection was refused, with `TOO_MANY_CONNECTIONS` or `SHUTTING_DOWN`',
  },
  'connection.evicted': {
    fields: ['connectionId'],
    meaning: 'a connection was cut because all together held too many bytes and it held the most',
  },
  'connection.fault': {
    fields: ['err', 'connectionId'],
    meaning:
      'the daemon itself failed and had to end a connection; without `connectionId`, one that was not open yet',
    line: { level: 'error', words: 'the daemon failed and had to end a connection' },
  },
  'command.timed-out': {
    fields: ['connectionId'],
    meaning: 'a command ran past `commandTimeout`, and its client was told',
  },
  'command.failed': {
    fields: ['err'],
    meaning: 'a handler threw something other than an `IpcError`; told in the thread of the handler',
    line: { level: 'warn', words: 'a command handler failed' },
  },
  'lane.started': { fields: LANE, meaning: 'the worker of a lane was started and loads its module' },
  'lane.ready': {
    fields: LANE,
    meaning: 'a lane takes commands',
    line: { level: 'debug', words: 'lane ready' },
  },
  'lane.late': { fields: LANE, meaning: 'the loop of a lane with work has not turned for 100 ms' },
  'lane.recovered': { fields: LANE, meaning: 'the loop of a lane that was late turns again' },
  'lane.ended': { fields: LANE, meaning: 'a lane was no longer needed and has ended' },
  'lane.died': {
    fields: [...LANE, 'err'],
    meaning: 'a lane has died, or was killed',
    line: { level: 'error', words: 'a lane died' },
  },
  'lanes.grown': {
    fields: ['isolation'],
    meaning: 'every lane is busy, and another one is started',
    line: { level: 'debug', words: 'every lane is busy; another one is started' },
  },
  'lanes.down': {
    fields: ['isolation', 'err'],
    meaning: 'lanes died too often, or do not end; no lane is started for now',
    line: { level: 'error', words: 'no lane is started for now' },
  },
  'service.up': { fields: [], meaning: 'the thread of the service has loaded its module' },
  'service.down': {
    fields: ['err'],
    meaning: 'the thread of the service has died and is replaced',
    line: { level: 'error', words: 'the service died' },
  },
  'subscriber.behind': {
    fields: ['connectionId'],
    meaning: 'the flow no longer waits for a subscriber; from here on its events may be dropped',
  },
  'subscriber.caught-up': { fields: ['connectionId'], meaning: 'a subscriber that was behind has drained' },
  'subscriber.cut': {
    fields: ['connectionId'],
    meaning: "the connection of a subscriber ends because it does not read (`whenFull: 'disconnect'`)",
  },
  'subscriber.fault': {
    fields: ['err'],
    meaning: 'an exception in the daemon cost a subscriber its connection',
    line: { level: 'error', words: 'an exception cost a subscriber its connection' },
  },
  'events.refused': {
    fields: ['thread', 'count'],
    meaning:
      '`publish()` refused events in `main`, in a lane or in the service; told once a turn of its loop',
  },
  'publish.refused': {
    fields: ['code', 'why'],
    meaning: 'the first event that `publish()` refused in a thread, with the reason; told in that thread',
    line: {
      level: 'warn',
      words:
        'publish() refused an event, which is lost: await publish(), and handle its rejection. Further events that ' +
        'are refused here are only counted, in stats().eventsRefused',
    },
  },
  'log.lines-lost': {
    fields: ['thread', 'lines'],
    meaning: 'a worker logged faster than main takes its lines in, and lines were lost',
    line: { level: 'warn', words: ({ lines }) => `${lines} log lines of a worker were lost` },
  },
};
