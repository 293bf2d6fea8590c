// bunctl stats
import { openMetrics } from '../../telemetry/open-metrics.js';
import type { DaemonStats } from '../../running-daemon.js';
import { size } from '../answers/show.js';
import { askStats, RENEW } from '../answers/wire.js';
import { withDaemon } from '../daemon/find.js';
import { COMMON_HELP, parse } from '../input/arguments.js';
import { CliError, EXIT, usage } from '../terminal/exit.js';
import { print, printJson, write } from '../terminal/output.js';
import { style, table } from '../terminal/style.js';

export const help = `Statistics of the daemon itself: its connections, commands, workers, events and queues.

Usage: bunctl stats [-j | --openmetrics]

  -j, --json           as JSON
      --openmetrics    as OpenMetrics text, for Prometheus and similar programs
${COMMON_HELP}

Examples:
  bunctl stats
  bunctl stats -j | jq .connections.open
  bunctl stats --openmetrics > /var/lib/node_exporter/bunctl.prom`;

export async function run(args: string[]): Promise<void> {
  const { values, daemon } = parse(
    args,
    { json: { type: 'boolean', short: 'j' }, openmetrics: { type: 'boolean' } },
    { names: false },
  );
  if (values.json && values.openmetrics) throw usage('--json and --openmetrics exclude each other.');
  await withDaemon(daemon, { start: 'never' }, async (client) => {
    const stats = await askStats(client);
    if (stats === undefined) {
      throw new CliError(
        EXIT.failed,
        `The daemon on ${client.path} does not tell its statistics: it is of an older version, or the original's. ${RENEW}`,
      );
    }
    if (values.json) printJson(stats);
    else if (values.openmetrics) write(openMetrics(stats));
    else print(shown(stats));
  });
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function shown({
  connections,
  commands,
  lanes,
  laneDeaths,
  events,
  eventsRefused,
  queues,
}: DaemonStats): string {
  const { open, accepted, refused, evicted } = connections;
  const rows = [
    ['connections', `${open} open; ${accepted} accepted, ${refused} refused, ${evicted} cut for memory`],
    [
      'commands',
      `${commands.received} received, ${commands.answered} answered, ${commands.failed} failed, ${commands.timedOut} of them past their deadline`,
    ],
    ...lanes.map(({ id, state, inFlight, restarts }) => [
      `lane ${id}`,
      `${state}; ${counted(inFlight, 'command')}, ${counted(restarts, 'restart')}`,
    ]),
    ['lanes that died', String(laneDeaths)],
    ['subscribers', `${events.subscribers}, ${events.behind} of them behind`],
    ['events', `${events.delivered} delivered, ${events.dropped} dropped, ${eventsRefused} refused`],
  ];
  const amount = (value: number, unit: string): string => (unit === 'bytes' ? size(value) : String(value));
  const headings = ['queue', 'unit', 'depth', 'bound'].map((heading) => style('bold', heading));
  const full = queues.map(({ queue, unit, depth, bound }) => [
    queue,
    unit,
    amount(depth, unit),
    amount(bound, unit),
  ]);
  return `${table(rows)}\n\n${table([headings, ...full])}`;
}
