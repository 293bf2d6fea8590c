// The library's daemon in a process of its own. Its argument has its options as JSON; it publishes without end if asked to.
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from 'bunctl-ipc';

const { journal, publishing, ...options } = JSON.parse(process.argv[2]);
const daemon = await startDaemon({
  ...options,
  workerData: { journal },
  commands: new URL('commands.js', import.meta.url),
});
process.stdin.on('end', () => void daemon.close({ grace: 1000 }).then(() => process.exit())).resume();
console.log('listening');
const padding = 'x'.repeat(1000);
try {
  for (let n = 0; publishing; n += 1) {
    await daemon.publish({ eventType: 'log_line', appName: 'a', data: { n, padding } });
    if (n % 20 === 0) await delay(5);
  }
} catch (error) {
  if (error.code !== 'PUBLISH_CLOSED') throw error;
}
