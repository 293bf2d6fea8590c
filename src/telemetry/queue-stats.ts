// How full the daemon's queues are, each with its bound, as far as the main thread sees them.
import { type Acceptor, TOTAL_BYTES } from '../acceptor/acceptor.js';
import { REQUEST_SLACK } from '../acceptor/request-bounds.js';
import type { Broker } from '../broker/broker.js';
import type { ResolvedOptions } from '../options.js';
import { MAX_REFUSALS } from '../refusals.js';
import { SLOTS } from '../workers/link/claims.js';
import { PUBLISH_WINDOW } from '../workers/run/publisher.js';
import type { WorkersStats } from '../workers/workers.js';
import type { Writer } from '../writer/writer.js';

/** A queue in `stats()`. Where there is one for each connection, lane or subscriber, the fullest of them. */
export interface QueueStats {
  readonly queue: QueueName;
  readonly unit: 'bytes' | 'commands' | 'connections';
  readonly depth: number;
  /** One message that is larger may be let in all the same. */
  readonly bound: number;
}

export type QueueName =
  | 'connection-requests'
  | 'connection-commands'
  | 'all-requests'
  | 'lane-commands'
  | 'connection-responses'
  | 'subscriber-events'
  | 'all-writes'
  | 'mailbox'
  | 'main-publisher'
  | 'refusals';

export interface QueueOwners {
  readonly acceptor: Acceptor<Writer>;
  readonly broker: Broker;
  readonly options: Pick<ResolvedOptions, 'connections' | 'subscribers'>;
}

/** Looks at every connection and every subscriber. */
export function queueStats(owners: QueueOwners, workers: WorkersStats): QueueStats[] {
  const { acceptor, broker, options } = owners;
  const { maxMessageSize, maxInFlight, writeHighWaterMark } = options.connections;
  const { requestBytes, commands, responseBytes, refusals } = acceptor.queues();
  const { receivedBytes, queuedBytes } = acceptor.stats();
  const laneCommands = Math.max(0, ...workers.lanes.map(({ inFlight }) => inFlight));
  const rows: [QueueName, QueueStats['unit'], depth: number, bound: number][] = [
    ['connection-requests', 'bytes', requestBytes, maxMessageSize + REQUEST_SLACK],
    ['connection-commands', 'commands', commands, maxInFlight],
    ['all-requests', 'bytes', receivedBytes, TOTAL_BYTES],
    ['lane-commands', 'commands', laneCommands, SLOTS],
    ['connection-responses', 'bytes', responseBytes, writeHighWaterMark],
    ['subscriber-events', 'bytes', broker.largestQueue, options.subscribers.queueBytes],
    ['all-writes', 'bytes', queuedBytes, TOTAL_BYTES],
    ['mailbox', 'bytes', broker.stats().mailboxBytes, workers.publishers * PUBLISH_WINDOW],
    ['main-publisher', 'bytes', workers.waitingBytes, PUBLISH_WINDOW],
    ['refusals', 'connections', refusals, MAX_REFUSALS],
  ];
  return rows.map(([queue, unit, depth, bound]) => ({ queue, unit, depth, bound }));
}
