// The daemon that is fuzzed, in a process of its own: its arguments are the socket's path and its options as JSON.
import { startDaemon } from 'bunctl-ipc';

const [path, options] = process.argv.slice(2);
const daemon = await startDaemon({
  socketPath: path,
  commands: new URL('./commands.js', import.meta.url),
  ...JSON.parse(options),
});
console.log('listening');
process.stdin.on('end', () => void daemon.close({ grace: 0 })).resume();
