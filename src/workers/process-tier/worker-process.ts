// A child process of the daemon: forked with a channel, a pipe for claims and a lifeline, and ended with SIGKILL.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Undefined if the system or Node refused to start it. */
  readonly #child: ChildProcess | undefined;
  readonly #hooks: ProcessHooks;
  /** Settles when the process has ended. Never rejects. */
  readonly gone: Promise<void>;

  /** @param file The URL of the module that the process runs; may throw. */
  constructor(file: () => URL, options: ThreadOptions, logFd: number | undefined, hooks: ProcessHooks) {
    this.#hooks = hooks;
    let ended: Promise<Error>;
    try {
      this.#child = forked(file(), options, logFd);
      ended = this.#listen(this.#child);
    } catch (error) {
      ended = Promise.resolve(error as Error);
    }
    this.gone = ended.then(() => undefined);
    ended
      .then(async (error) => {
        await this.#drain();
        hooks.onEnd(error);
      })
      .catch((error: unknown) => hooks.onEnd(error as Error));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Sends a message. Nothing happens if the process has ended. @throws what cannot be copied. */
  send(message: ChannelMessage): void {
    // An error without a callback would be emitted.
    if (this.#child?.connected) this.#child.send(message, undefined, undefined, () => undefined);
  }

  /** Ends the process at once, whatever it does. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Resolves with the reason when the process has ended, or could not be started. */
  #listen(child: ChildProcess): Promise<Error> {
    // First: without descriptors for its pipes a child has none, and says so with an error.
    const ended = new Promise<Error>((resolve) => {
      child.once('exit', (code, signal) => resolve(new Error(endOf(code, signal))));
      child.on('error', (error) => {
        // Other errors, such as a message that did not go, are followed by its end.
        if (child.pid === undefined) resolve(error);
      });
    });
    child.on('message', (message, handle) => {
      // Nobody here expects a handle; unclosed, it would stay open.
      if (handle && 'close' in handle) handle.close();
      this.#hooks.onMessage(message);
    });
    pipesOf(child)[CHILD_FD.claims]?.on('data', (chunk: Buffer) => this.#hooks.onClaims(chunk));
    for (const pipe of pipesOf(child)) pipe?.on('error', () => undefined);
    return ended;
  }

  /** Waits until what the process has sent is taken in, and closes its pipes. */
  async #drain(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const claims = pipesOf(child)[CHILD_FD.claims];
    const drained = Promise.all([
      new Promise<void>((resolve) => (child.connected ? child.once('disconnect', resolve) : resolve())),
      new Promise<void>((resolve) =>
        claims?.closed === false ? claims.once('close', () => resolve()) : resolve(),
      ),
    ]);
    await Promise.race([drained, sleep(DRAIN_TIMEOUT, undefined, { ref: false })]);
    for (const pipe of pipesOf(child)) pipe?.destroy();
    if (child.connected) child.disconnect();
  }
}

function forked(file: URL, options: ThreadOptions, logFd: number | undefined): ChildProcess {
  const { argv = [], env = process.env } = options;
  return fork(fileURLToPath(file), argv, {
    execArgv: nodeOptions(options),
    cwd: folder(),
    env,
    serialization: 'advanced',
    // A group of its own: Ctrl-C in a terminal is for the daemon, which finishes its commands.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe', ...(logFd === undefined ? [] : [logFd])],
  });
}

/** Where a child runs: in the daemon's folder, or in the root if that was removed, since Node starts no thread there. */
function folder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** Its ends of the child's pipes; none when Node had no descriptors for them (libuv's EMFILE). */
const pipesOf = ({ stdio }: { stdio?: ChildProcess['stdio'] }): readonly (Socket | null | undefined)[] =>
  (stdio ?? []) as readonly (Socket | null | undefined)[];

/** The debugger's port belongs to the daemon. */
const OF_THE_DEBUGGER = /^--inspect(-brk|-port|-wait)?(=|$)/;
/**
 * Options that a program on the command line needs, and that a child must not have: with them it would run the daemon's
 * program again.
 */
const OF_A_PROGRAM = /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/;

/** This process's options of Node, without the program that may be among them. */
function ownOptions(): string[] {
  const { execArgv } = process;
  return execArgv.filter((option, index) => {
    const before = execArgv[index - 1];
    const isValue = before !== undefined && OF_A_PROGRAM.test(before) && !before.includes('=');
    return !OF_A_PROGRAM.test(option) && !isValue;
  });
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `its process exited with code ${code}` : `its process was ended by ${signal}`;
}

/** Resource limits as options of the command line. */
function nodeOptions({ resourceLimits = {}, execArgv = ownOptions() }: ThreadOptions): string[] {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb, stackSizeMb } = resourceLimits;
  const kept = execArgv.filter((option) => !OF_THE_DEBUGGER.test(option));
  if (maxOldGenerationSizeMb !== undefined)
    kept.push(`--max-old-space-size=${Math.ceil(maxOldGenerationSizeMb)}`);
  // The young generation has three semi-spaces.
  if (maxYoungGenerationSizeMb !== undefined)
    kept.push(`--max-semi-space-size=${Math.max(1, Math.floor(maxYoungGenerationSizeMb / 3))}`);
  if (stackSizeMb !== undefined) kept.push(`--stack-size=${Math.floor(stackSizeMb * 1024 - 40)}`);
  return kept;
}
