// The statistics of a daemon as OpenMetrics text, which Prometheus and similar programs read.
import type { LoopDelay } from './loop-delay.js';
import type { DaemonStats } from '../running-daemon.js';

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [value: number, labels?: Labels];

/** A metric family. A name that ends in `_bytes` or `_seconds` has that unit. */
interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const family =
  (type: Family['type']) =>
  (name: string, help: string, ...samples: (Sample | number)[]): Family => ({
    name: `bunctl_ipc_${name}`,
    type,
    help,
    samples: samples.map((sample) => (typeof sample === 'number' ? [sample] : sample)),
  });
const counter = family('counter');
const gauge = family('gauge');
const summary = family('summary');

/**
 * Writes the result of `Daemon.stats()` as OpenMetrics text, version 1.0.0. Every name begins with `bunctl_ipc_`. A server
 * sends it as `application/openmetrics-text; version=1.0.0; charset=utf-8`.
 */
export function openMetrics(stats: DaemonStats): string {
  const families = [...ofConnections(stats), ...ofWorkers(stats), ...ofEvents(stats), ...ofQueues(stats)];
  return `${families.map(text).join('')}# EOF\n`;
}

function ofConnections({ connections, commands }: DaemonStats): Family[] {
  return [
    gauge('connections', 'Connections that are open', connections.open),
    counter('connections_accepted', 'Connections that were accepted', connections.accepted),
    counter('connections_refused', 'Connections that were refused', connections.refused),
    counter('connections_evicted', 'Connections cut because all held too many bytes', connections.evicted),
    counter('commands_received', 'Commands that came in', commands.received),
    counter('commands_answered', 'Commands that were answered', commands.answered),
    counter(
      'commands_failed',
      'Commands answered with an error because of a deadline or for want of a lane',
      commands.failed,
    ),
    counter('commands_timed_out', 'Commands that ran past their deadline', commands.timedOut),
  ];
}

function ofWorkers({ lanes, laneDeaths, stuckThreads, logLinesLost, loopDelay }: DaemonStats): Family[] {
  const each = (value: (lane: DaemonStats['lanes'][number]) => number): Sample[] =>
    lanes.map((lane) => [value(lane), { isolation: lane.isolation, lane: lane.id }]);
  const delays = lanes.flatMap((lane) =>
    lane.loopDelay ? quantiles(lane.loopDelay, `${lane.isolation} lane ${lane.id}`) : [],
  );
  return [
    gauge(
      'lane_info',
      'The lanes and their states',
      ...lanes.map(({ isolation, id, state }): Sample => [1, { isolation, lane: id, state }]),
    ),
    gauge('lane_commands', 'Commands in a lane', ...each(({ inFlight }) => inFlight)),
    gauge('lane_restarts', "Lanes that died in a lane's place", ...each(({ restarts }) => restarts)),
    counter('lane_deaths', 'Lanes that died', laneDeaths),
    gauge('stuck_threads', 'Threads of dead lanes that cannot end', stuckThreads),
    counter('log_lines_lost', 'Log lines of workers that were lost', logLinesLost),
    summary(
      'loop_delay_seconds',
      'How late a loop was over the last 10 to 20 s',
      ...(loopDelay ? quantiles(loopDelay, 'main') : []),
      ...delays,
    ),
  ];
}

function ofEvents({ events, eventsRefused }: DaemonStats): Family[] {
  return [
    gauge('subscribers', 'Subscribers', events.subscribers),
    gauge('subscribers_behind', 'Subscribers that drop events', events.behind),
    gauge('flow_waiting', 'Whether the flow of events waits for a subscriber', events.waiting ? 1 : 0),
    counter('events_routed', 'Events that left the mailbox', events.routed),
    counter('events_delivered', 'Events handed to sockets, once for each subscriber', events.delivered),
    counter('events_dropped', 'Events dropped, once for each subscriber', events.dropped),
    counter('events_refused', 'Events that publish() refused', eventsRefused),
  ];
}

/** One family for each unit, since a family has one unit at most. */
function ofQueues({ queues }: DaemonStats): Family[] {
  const units = [...new Set(queues.map(({ unit }) => unit))];
  return units.flatMap((unit) => {
    const own = queues.filter((each) => each.unit === unit);
    return [
      gauge(
        `queue_depth_${unit}`,
        `How full queues are, in ${unit}`,
        ...own.map(({ queue, depth }): Sample => [depth, { queue }]),
      ),
      gauge(
        `queue_bound_${unit}`,
        `The bounds of queues, in ${unit}`,
        ...own.map(({ queue, bound }): Sample => [bound, { queue }]),
      ),
    ];
  });
}

function quantiles({ p50, p99, max }: LoopDelay, thread: string): Sample[] {
  return [
    [p50 / 1000, { thread, quantile: '0.5' }],
    [p99 / 1000, { thread, quantile: '0.99' }],
    [max / 1000, { thread, quantile: '1' }],
  ];
}

function text({ name, type, help, samples }: Family): string {
  const [, unit] = /_(bytes|seconds)$/.exec(name) ?? [];
  const lines = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(
      ([value, labels]) =>
        `${name}${type === 'counter' ? '_total' : ''}${labelSet(labels)} ${numeral(value)}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function labelSet(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(given: string): string {
  return given.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numeral(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
