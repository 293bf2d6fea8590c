// The handlers of the bench's daemon.
import { defineCommands } from 'bunctl-ipc/commands';
import { list } from './reply.js';

/** Published as a run of `lines` events of 200 bytes; see bench/load.js. */
const line = 'x'.repeat(
  200 - JSON.stringify({ Event: { event_type: 'log_line', data: { line: '' } } }).length,
);

export default defineCommands({
  List: list,
  // Logs { name, lines }: publishes that many events, awaiting each, from a lane.
  async Logs({ name, lines }, { publish }) {
    for (let sent = 0; sent < lines; sent += 1)
      await publish({ eventType: 'log_line', appName: name, data: { line } });
    return { Success: { message: `${lines} published` } };
  },
});
