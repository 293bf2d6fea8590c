// Runs one program to its end, within a bound, with all that it starts.
import { spawn } from 'node:child_process';

/** Milliseconds a program may take; installs are given more. */
const BOUND = 120_000;

/** What ends each program that runs, with its group. */
const running = new Set();

/** Ends every program that still runs. */
export function endAll() {
  for (const end of running) end();
}

/**
 * @returns The exit code, and what it printed on both streams. A program that outlives its time is ended with its
 *   whole group: its code is null, and its output says so.
 */
export function execute(file, args, cwd, { bound = BOUND, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      // No option of the shell's or of npm's reaches the consumer.
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: '', NO_COLOR: '1', CI: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const add = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group has ended.
      }
    };
    running.add(end);
    const timer = setTimeout(() => {
      output += `\nIt did not end within ${bound / 1000} s.`;
      end();
    }, bound);
    child.once('error', (error) => {
      clearTimeout(timer);
      running.delete(end);
      resolve({ code: null, output: error.message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(end);
      // What it has left behind ends with it.
      if (child.pid !== undefined) end();
      resolve({ code, output: output.trim() });
    });
  });
}
