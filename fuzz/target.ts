// Starts the daemon that is fuzzed, notices when it ends by itself, and ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Small enough that a frame beyond it costs nothing to send. */
export const MAX_MESSAGE_SIZE = 64 * 1024;

export class Target {
  private constructor(
    readonly path: string,
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Target> {
    const directory = mkdtempSync(join(tmpdir(), 'bunctl-fuzz-'));
    const path = join(directory, 's');
    const workers = { maxThreads: 1, commands: { List: 'inline', Status: 'process' } };
    const options = { connections: { maxMessageSize: MAX_MESSAGE_SIZE }, workers };
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('daemon.js', import.meta.url)), path, JSON.stringify(options)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    return new Target(path, directory, child);
  }

  /** Throws when the daemon has ended. */
  check(): void {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null)
      throw new Error(`the daemon ended with ${exitCode ?? signalCode ?? ''}`);
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.stdin?.end();
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(timer);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
