// The parts that every worker has, whatever its role.
import type { Logger } from 'pino';
import type { Publish } from '../../define.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { SharedState } from '../link/claims.js';
import type { Outbox } from '../link/outbox.js';
import type { Port } from '../link/port.js';

export interface Thread {
  readonly shared: SharedState;
  readonly outbox: Outbox;
  readonly tell: Tell;
  /** The functions that main may call; exposed already, so that one that is added can be called at once. */
  readonly calls: Map<string, (...args: never[]) => unknown>;
  /** Makes a port of a link to the service, as it comes from main. */
  readonly openService: (link: unknown) => Port | string;
  /** The argument of the set-up of an embedder's module in any thread. */
  readonly setup: { readonly workerData: unknown; readonly publish: Publish; readonly log: Logger };
}
