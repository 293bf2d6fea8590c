// Ends a command that goes on until Ctrl-C when nobody reads its stdout any more, though it has nothing to write.
import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

const STDOUT = 1;

/**
 * Only a write shows that the reader of a pipe has gone, and Node cannot poll a pipe that it only writes to. tail of GNU
 * does so, and dies by SIGPIPE; any other one does not know `--pid` and ends at once. It ends with this process, too.
 */
export function endWithReader(): void {
  if (process.platform !== 'linux' || !isPipe()) return;
  const watcher = spawn('tail', ['-f', `--pid=${process.pid}`, '/dev/null'], {
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  // Without tail, the next write shows it.
  watcher.once('error', () => undefined);
  watcher.once('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') process.exit();
  });
  watcher.unref();
  // Or the reader would wait for it.
  process.once('exit', () => watcher.kill());
}

function isPipe(): boolean {
  try {
    return fstatSync(STDOUT).isFIFO();
  } catch {
    // It is closed.
    return false;
  }
}
