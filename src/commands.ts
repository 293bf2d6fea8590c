// The commands that an embedder may handle.
import type { CommandName } from './protocol/messages.js';

/** The commands an embedder may handle; the broker answers `Subscribe` and `Unsubscribe`. */
export type HandledCommand = Exclude<CommandName, 'Subscribe' | 'Unsubscribe'>;

const HANDLED = {
  Start: true,
  Stop: true,
  Restart: true,
  Status: true,
  List: true,
  Logs: true,
  Delete: true,
  Shutdown: true,
} as const satisfies Record<HandledCommand, true>;

export const HANDLED_COMMANDS = Object.keys(HANDLED) as readonly HandledCommand[];
