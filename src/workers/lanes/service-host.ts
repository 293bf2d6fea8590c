// The service as the lanes' side sees it, wherever it runs.
import type { ServiceLink } from '../link/messages.js';

export interface ServiceHost {
  /** A port for another lane, or the reason why there is no service now. */
  connect(): ServiceLink;
  close(): void;
}
