// A daemon in a process of its own: says `listening` or the code of its refusal, and ends with its stdin.
import { startDaemon } from 'bunctl-ipc';

try {
  const commands = new URL('./commands.js', import.meta.url);
  const daemon = await startDaemon({ socketPath: process.argv[2], commands, workers: { isolation: 'none' } });
  console.log('listening');
  process.stdin.on('end', () => void daemon.close({ grace: 0 })).resume();
} catch (error) {
  console.log(error.code);
  process.exitCode = 1;
}
