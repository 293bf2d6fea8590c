// Our side of the bench: node daemon.js SOCKET {"isolation":…,"minThreads":…}
import { startDaemon } from 'bunctl-ipc';

const [socketPath, workers = '{}'] = process.argv.slice(2);
const daemon = await startDaemon({
  socketPath,
  commands: new URL('./commands.js', import.meta.url),
  workers: JSON.parse(workers),
  connections: { max: 20_000 },
});
process.on('message', () => {
  globalThis.gc();
  process.send(process.memoryUsage.rss());
});
process.once('SIGTERM', () => void daemon.close().then(() => process.disconnect()));
process.send('ready');
