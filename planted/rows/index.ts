// All rows of the two tables, with the faults that are planted for them.
import type { Row } from '../fault.js';
import { BAD_INPUT } from './bad-input.js';
import { CLIENT } from './client.js';
import { CONNECTIONS } from './connections.js';
import { ENDPOINT } from './endpoint.js';
import { EVENTS } from './events.js';
import { LANES } from './lanes.js';
import { OUTPUT } from './output.js';
import { PROCESS_MANAGER } from './process-manager.js';
import { PROCESSES } from './processes.js';
import { PROTOCOL } from './protocol.js';
import { SURROUNDINGS } from './surroundings.js';
import { WORKERS } from './workers.js';

export const ROWS: readonly Row[] = [
  ...PROTOCOL,
  ...ENDPOINT,
  ...CONNECTIONS,
  ...SURROUNDINGS,
  ...LANES,
  ...WORKERS,
  ...EVENTS,
  ...CLIENT,
  ...PROCESSES,
  ...OUTPUT,
  ...PROCESS_MANAGER,
  ...BAD_INPUT,
];
