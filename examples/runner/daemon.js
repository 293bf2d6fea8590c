// A small process runner: node examples/runner/daemon.js [SOCKET]
import { startDaemon } from 'bunctl-ipc';
import { createProcesses } from './processes.js';

/** Starts the runner's daemon; `options` are further options of startDaemon. */
export async function startRunner(options) {
  let daemon;
  const processes = createProcesses((event) => daemon.publish(event));
  daemon = await startDaemon({
    ...options,
    commands: new URL('./commands.js', import.meta.url),
    service: processes,
  });
  const close = async () => {
    await processes.stopAll();
    return daemon.close();
  };
  return { daemon, close };
}

if (process.argv[1] === import.meta.filename) {
  const [socketPath] = process.argv.slice(2);
  const { daemon, close } = await startRunner(socketPath ? { socketPath } : { name: 'runner' });
  console.log(`listening on ${daemon.socketPath}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void close());
}
