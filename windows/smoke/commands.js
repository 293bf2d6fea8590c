// The handlers of the smoke test's daemon.
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommands } from 'bunctl-ipc/commands';

const say = (message) => ({ Success: { message } });

export default defineCommands({
  List: () => ({ Data: { data: [] } }),
  Status: ({ name }) => say(name),
  async Stop({ name }) {
    await sleep(500);
    return say(`stopped ${name}`);
  },
  async Start({ config }, { publish }) {
    const { count, padding } = JSON.parse(config);
    for (let n = 0; n < count; n += 1)
      await publish({ eventType: 'log_line', appName: 'a', data: { n, padding: 'x'.repeat(padding) } });
    return say(`published ${count}`);
  },
});
