// The handlers of the bench's daemon.
import { defineCommands } from 'bunctl-ipc/commands';
import { list } from './reply.js';

/** The line of each event; it makes an event of 200 bytes. See bench/load.js. */
const line = 'x'.repeat(
  200 - JSON.stringify({ Event: { event_type: 'log_line', data: { line: '' } } }).length,
);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const disturbances = {
  /** Holds its lane for `config` ms. */
  spin(config) {
    for (const end = performance.now() + Number(config); performance.now() < end;);
  },
  /** Publishes `perSecond` events per second, evenly. */
  async flood(config, publish) {
    const { perSecond, seconds } = JSON.parse(config);
    const began = performance.now();
    for (let sent = 0, passed = 0; passed < seconds; passed = (performance.now() - began) / 1000) {
      for (; sent < perSecond * passed; sent += 1)
        await publish({ eventType: 'log_line', appName: 'bench', data: { line } });
      await sleep(5);
    }
  },
};

export default defineCommands({
  List: list,
  async Start({ name, config }, { publish }) {
    await disturbances[name](config, publish);
    return { Success: { message: name } };
  },
  // Logs { name, lines }: publishes `lines` events from a lane, and awaits each.
  async Logs({ name, lines }, { publish }) {
    for (let sent = 0; sent < lines; sent += 1)
      await publish({ eventType: 'log_line', appName: name, data: { line } });
    return { Success: { message: `${lines} published` } };
  },
});
