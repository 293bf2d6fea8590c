// Daemons in processes of their own, ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { fixture } from './daemon.js';

/** Starts a daemon and waits for its first word: `listening`, or an error's code. */
export async function spawnDaemon(...args: string[]): Promise<{ child: ChildProcess; word: string }> {
  const child = spawn(process.execPath, [fileURLToPath(fixture('daemon.js')), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [word] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, word };
}
