// A daemon in the foreground, with what it prints and how it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { CLI, type Manager } from './manager.js';

export interface Foreground {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>;
}

/**
 * Runs `bunctl daemon` until the test ends.
 *
 * @param before A command line that runs it, such as `unshare -n`.
 */
export function foreground(
  manager: Manager,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  ...before: string[]
): Foreground {
  const [program, ...rest] = [...before, process.execPath, CLI, 'daemon', ...args] as [string, ...string[]];
  const child = spawn(program, rest, {
    env: { ...manager.env, ...env },
    cwd: manager.home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // What shows its output has ended too, when nobody holds its stdout any more.
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as unknown);
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}
