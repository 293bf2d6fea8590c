// The handlers of the library's daemon under faults. A Start writes its number into the journal before it is answered.
import { appendFileSync } from 'node:fs';
import { defineCommands } from 'bunctl-ipc/commands';

export default defineCommands(({ workerData }) => ({
  List: () => ({ Data: { data: ['a', 'b'] } }),
  Start({ name }) {
    appendFileSync(workerData.journal, `${name}\n`);
    return { Success: { message: name } };
  },
}));
