// Our side of the bench: node daemon.js SOCKET {"isolation":…,"minThreads":…}
import { startDaemon } from 'bunctl-ipc';

const [socketPath, workers = '{}'] = process.argv.slice(2);
const daemon = await startDaemon({
  socketPath,
  commands: new URL('./commands.js', import.meta.url),
  workers: JSON.parse(workers),
});
process.on('message', () => {
  process.send({ stats: daemon.stats(), memory: process.memoryUsage() });
});
process.once('SIGTERM', () => void daemon.close().then(() => process.disconnect()));
process.send('ready');
