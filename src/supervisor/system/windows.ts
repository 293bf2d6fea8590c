// The facts of Windows. Node tells nothing about processes there, so they come from the system's own programs.
import { setTimeout as sleep } from 'node:timers/promises';
import { NOTHING_TOLD, type SystemFacts, UNKNOWN } from './facts.js';
import { TICKS_PER_SECOND } from './kernel.js';
import { ProcessTable } from './process-table.js';

/** @param table The processes, by a look of its own for each call. */
export function windows(table: Pick<ProcessTable, 'read'> = new ProcessTable()): SystemFacts {
  let last = NOTHING_TOLD;
  let read = () => table.read();
  return {
    ...UNKNOWN,
    ticksNow: () => (Date.now() / 1000) * TICKS_PER_SECOND,
    allStats: () => last.processes,
    async look(patience) {
      const late = new AbortController();
      const nothing = sleep(patience, NOTHING_TOLD, { ref: false, signal: late.signal }).catch(
        () => NOTHING_TOLD,
      );
      last = await Promise.race([read(), nothing]);
      late.abort();
      return last.told;
    },
    processTable: () => read(),
    tableFrom(other) {
      read = () => other().catch(() => NOTHING_TOLD);
    },
    looksAreCheap: false,
    tellsGroups: false,
    namesHaveCase: false,
    startTimeOf: async (pid) => (await read()).processes.get(pid)?.startTime || null,
  };
}
