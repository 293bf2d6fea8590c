// The parts that every worker has, whatever its role.
import type { Logger } from 'pino';
import type { Publish } from '../../define.js';
import type { Tell } from '../../telemetry/diagnostics.js';
import type { SharedState } from '../link/claims.js';
import type { Outbox } from '../link/outbox.js';
import type { ServiceClient } from '../run/service-client.js';

export interface Thread {
  readonly shared: SharedState;
  readonly outbox: Outbox;
  readonly tell: Tell;
  /** The functions that main may call; exposed already, so that one that is added can be called at once. */
  readonly calls: Map<string, (...args: never[]) => unknown>;
  /** The service as main has connected it last. A lane is told of it by its first call, and again when it changes. */
  readonly service: ServiceClient;
  /** Resolves when main has connected the service for the first time. */
  readonly connected: Promise<void>;
  /** The argument of the set-up of an embedder's module in any thread. */
  readonly setup: { readonly workerData: unknown; readonly publish: Publish; readonly log: Logger };
}
