// The handlers of the daemon of a soak: an answer of some size, events, and the end of the lane.
import { defineCommands } from 'bunctl-ipc/commands';

const padding = 'x'.repeat(500);

export default defineCommands({
  List: () => ({ Data: { data: Array.from({ length: 20 }, (_, n) => ({ n, padding })) } }),
  /** Publishes as many events as `lines` says. */
  async Logs({ lines }, { publish }) {
    for (let n = 0; n < lines; n += 1)
      await publish({ eventType: 'log_line', appName: 'a', data: { n, padding } });
    return { Success: { message: 'published' } };
  },
  Stop: () => process.exit(1),
});
