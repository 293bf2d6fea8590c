// The service as the lanes' side sees it, wherever it runs.
import type { ServiceLink } from '../link/messages.js';

export interface ServiceHost {
  /** A port for another lane, or the reason why there is no service now. */
  connect(): ServiceLink;
  close(): void;
  /** After `close`: resolves when it has ended; never if its thread is stuck in a system call. */
  readonly gone: Promise<unknown>;
}
