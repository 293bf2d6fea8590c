// What main tells a child process about its lane, and the descriptors and ports that both know.
import type { LaneStart } from './messages.js';

/** Descriptors of a child beside its stdin, stdout and stderr. */
export const CHILD_FD = {
  /** Node's channel between the processes. */
  channel: 3,
  /** Claims; see `RecordedState`. */
  claims: 4,
  /** Ends when the daemon does. */
  lifeline: 5,
  /** The embedder's `logFd`, if there is one. */
  log: 6,
} as const;

/** Ports of the channel. Each link to the service has a port of its own; see {@link ServiceName}. */
export const PORT = { control: 'control', calls: 'calls', out: 'out' } as const;

/** A link to the service as it is told to a child: the name of a port, or the reason why there is no service. */
export type ServiceName = { readonly port: string } | string;

/** The argument of `control.run`. */
export type ProcessTask = Pick<
  LaneStart,
  | 'daemon'
  | 'name'
  | 'module'
  | 'workerData'
  | 'log'
  | 'maxMessageSize'
  | 'commandTimeout'
  | 'elsewhere'
  | 'measureLoops'
>;
