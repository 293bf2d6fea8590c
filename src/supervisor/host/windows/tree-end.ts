// Ends an app on Windows: it is asked, by a message or by the end of its stdin, and killed with its descendants.
import type { ChildProcess } from 'node:child_process';
import { isHeld } from '../../../endpoint/held-file.js';
import type { ProcessIdentity } from '../../system/processes.js';
import { system } from '../../system/system.js';
import { poll } from '../poll.js';
import type { ProcessEnd } from '../process-end.js';
import { endTree } from './taskkill.js';

/** The message that asks a Node program to end; as pm2 sends it. */
const SHUTDOWN = 'shutdown';
/** Milliseconds between two looks at the file of an app whose process has ended. */
const POLL = 100;

/** What is asked of the system; a test gives its own. */
export interface Tree {
  readonly endTree: (pid: number) => Promise<boolean>;
  /** The creation time of a process; null where it cannot be known. */
  readonly startTimeOf: (pid: number) => Promise<string | null>;
  readonly isHeld: (path: string) => boolean;
}

const real: Tree = { endTree, startTimeOf: (pid) => system.startTimeOf(pid), isHeld };

export class TreeEnd implements ProcessEnd {
  readonly #leader: ProcessIdentity;
  readonly #child: ChildProcess | undefined;
  readonly #tree: Tree;
  #leaderEnded = false;
  #why: string | null = null;
  #stopPolling: (() => void) | undefined;

  /** @param child The process itself; undefined for one that a former daemon has started, which cannot be asked. */
  constructor(leader: ProcessIdentity, child: ChildProcess | undefined, tree: Tree = real) {
    this.#leader = leader;
    this.#child = child;
    this.#tree = tree;
  }

  ask(): boolean {
    const child = this.#child;
    // The channel of an app ends with the daemon that has started it, so its stop is a kill.
    if (child === undefined || this.#leaderEnded) return this.kill();
    if (child.connected) child.send(SHUTDOWN, () => undefined);
    child.stdin?.end();
    return true;
  }

  kill(): boolean {
    if (this.#leaderEnded) return this.#stillHeld();
    this.#kill().catch((error: unknown) => {
      this.#why = `process ${this.#leader.pid} cannot be ended: ${(error as Error).message}`;
    });
    return true;
  }

  leaderEnded(onGone: () => void): void {
    this.#leaderEnded = true;
    const look = (): boolean => {
      if (this.#stillHeld()) return false;
      this.close();
      onGone();
      return true;
    };
    if (!look()) this.#stopPolling = poll(POLL, look);
  }

  whyItLives(): string | null {
    if (!this.#leaderEnded) return this.#why;
    if (!this.#stillHeld()) return null;
    return `process ${this.#leader.pid} has ended, but a process that it had started still runs, and Windows does not tell which; end it in the Task Manager`;
  }

  close(): void {
    this.#stopPolling?.();
  }

  #stillHeld(): boolean {
    const { held } = this.#leader;
    return held !== undefined && this.#tree.isHeld(held);
  }

  async #kill(): Promise<void> {
    const { pid, startTime } = this.#leader;
    // Windows keeps a number for as long as a child that has it is not reaped. Any other number may be a stranger's.
    if (this.#child === undefined) {
      const found = startTime === null ? null : await this.#tree.startTimeOf(pid);
      if (found === null || found !== startTime || !this.#stillHeld()) {
        this.#why = `process ${pid} was started by a daemon that has ended, and nothing proves that the number is still that of the app, so it is not killed; look at it in the Task Manager and end it there, or type taskkill /PID ${pid} /T /F`;
        return;
      }
    }
    // A process that cannot be ended with its descendants is ended alone; a process that it leaves holds the file.
    if (!(await this.#tree.endTree(pid)) && !this.#leaderEnded) this.#child?.kill('SIGKILL');
  }
}
