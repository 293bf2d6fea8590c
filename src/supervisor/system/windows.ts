// The facts of Windows. Node tells nothing about processes there, so they come from the system's own programs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemFacts } from './facts.js';
import { UNKNOWN } from './facts.js';
import { TICKS_PER_SECOND } from './kernel.js';
import { ProcessTable, type TableOfProcesses } from './process-table.js';

const NOTHING: TableOfProcesses = { told: 'nothing', processes: new Map() };

/** @param table The processes, by a look of its own for each call. */
export function windows(table: Pick<ProcessTable, 'read'> = new ProcessTable()): SystemFacts {
  let last = NOTHING;
  return {
    ...UNKNOWN,
    ticksNow: () => (Date.now() / 1000) * TICKS_PER_SECOND,
    allStats: () => last.processes,
    async look(patience) {
      const late = new AbortController();
      const nothing = sleep(patience, NOTHING, { ref: false, signal: late.signal }).catch(() => NOTHING);
      last = await Promise.race([table.read(), nothing]);
      late.abort();
      return last.told;
    },
    looksAreCheap: false,
    tellsGroups: false,
    namesHaveCase: false,
    startTimeOf: async (pid) => (await table.read()).processes.get(pid)?.startTime || null,
  };
}
