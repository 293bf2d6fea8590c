// A child process of the daemon: forked with a channel, a pipe for claims and a lifeline, and ended with SIGKILL.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ChannelMessage } from '../link/port.js';
import { CHILD_FD } from '../link/process-messages.js';
import type { ThreadOptions } from '../lanes/tier.js';

/** Milliseconds that the pipes of a dead process may take to end: something else may hold them. */
const DRAIN_TIMEOUT = 1000;

export interface ProcessHooks {
  onMessage(message: unknown): void;
  onClaims(chunk: Buffer): void;
  /** The process has ended, and everything that it had sent has been taken in. */
  onEnd(error: Error): void;
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Settles when the process has ended. Never rejects. */
  readonly gone: Promise<void>;

  /** @param file URL of the module that the process runs. */
  constructor(file: URL, options: ThreadOptions, logFd: number | undefined, hooks: ProcessHooks) {
    const { argv = [], env = process.env } = options;
    this.#child = fork(fileURLToPath(file), argv, {
      execArgv: nodeOptions(options),
      env,
      serialization: 'advanced',
      // A group of its own: Ctrl-C in a terminal is for the daemon, which finishes its commands.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe', ...(logFd === undefined ? [] : [logFd])],
    });
    const child = this.#child;
    const pipes = child.stdio as readonly (Socket | null | undefined)[];
    const claims = pipes[CHILD_FD.claims];
    const ended = new Promise<Error>((resolve) => {
      child.once('exit', (code, signal) => resolve(new Error(endOf(code, signal))));
      child.on('error', (error) => {
        // It could not be started. Other errors, such as a message that did not go, are followed by its end.
        if (child.pid === undefined) resolve(error);
      });
    });
    this.gone = ended.then(() => undefined);
    const drained = Promise.all([
      new Promise<void>((resolve) => (child.connected ? child.once('disconnect', resolve) : resolve())),
      new Promise<void>((resolve) => (claims ? claims.once('close', () => resolve()) : resolve())),
    ]);
    child.on('message', (message, handle) => {
      // Nobody here expects a handle; unclosed, it would stay open.
      if (handle && 'close' in handle) handle.close();
      hooks.onMessage(message);
    });
    claims?.on('data', (chunk: Buffer) => hooks.onClaims(chunk));
    for (const pipe of [claims, pipes[CHILD_FD.lifeline]]) pipe?.on('error', () => undefined);
    ended
      .then(async (error) => {
        await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_TIMEOUT).unref())]);
        for (const pipe of pipes) pipe?.destroy();
        if (child.connected) child.disconnect();
        hooks.onEnd(error);
      })
      .catch((error: unknown) => hooks.onEnd(error as Error));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a message. Nothing happens if the process has ended. @throws what cannot be copied. */
  send(message: ChannelMessage): void {
    // An error without a callback would be emitted.
    if (this.#child.connected) this.#child.send(message, undefined, undefined, () => undefined);
  }

  /** Ends the process at once, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `its process exited with code ${code}` : `its process was ended by ${signal}`;
}

/** Resource limits as options of the command line. The debugger's port belongs to the daemon. */
function nodeOptions({ resourceLimits = {}, execArgv = process.execArgv }: ThreadOptions): string[] {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb, stackSizeMb } = resourceLimits;
  const kept = execArgv.filter((option) => !/^--inspect(-brk|-port|-wait)?(=|$)/.test(option));
  if (maxOldGenerationSizeMb !== undefined)
    kept.push(`--max-old-space-size=${Math.ceil(maxOldGenerationSizeMb)}`);
  // The young generation has three semi-spaces.
  if (maxYoungGenerationSizeMb !== undefined)
    kept.push(`--max-semi-space-size=${Math.max(1, Math.floor(maxYoungGenerationSizeMb / 3))}`);
  if (stackSizeMb !== undefined) kept.push(`--stack-size=${Math.floor(stackSizeMb * 1024 - 40)}`);
  return kept;
}
