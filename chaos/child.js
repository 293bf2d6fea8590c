// A process that was started here: it is awaited until it is ready, and ended by its id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The time, in ms, that a process may take to begin or to end; with strace and on a busy machine it takes a while. */
const PATIENCE = 30_000;

export class Child {
  #child;
  #stderr = '';

  /** @param line The program and its arguments. */
  constructor(line, options = {}) {
    const [program, ...args] = line;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.#child.on('error', (error) => (this.#stderr += error.message));
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr
      .setEncoding('utf8')
      .on('data', (text) => (this.#stderr = (this.#stderr + text).slice(-4000)));
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last of what it wrote to stderr. */
  get stderr() {
    return this.#stderr;
  }

  /** Resolves when it has printed this word; rejects when it ends before. */
  async ready(word) {
    let printed = '';
    await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`it was not ready in ${PATIENCE} ms: ${this.#stderr}`)),
        PATIENCE,
      );
      this.#child.stdout.setEncoding('utf8').on('data', (text) => {
        printed = (printed + text).slice(-4000);
        if (printed.includes(word)) resolve(clearTimeout(timer));
      });
      this.#child.once('close', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`it ended with ${code ?? signal}: ${this.#stderr}`));
      });
    });
  }

  /** Ends it with SIGKILL. */
  async kill() {
    if (!this.running) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** Ends it in its own way, `ask`, and with SIGKILL if it takes too long. Resolves with its exit code or signal. */
  async end(ask = (child) => child.stdin.end()) {
    if (!this.running) return this.#child.exitCode ?? this.#child.signalCode;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGCONT');
    await ask(this.#child);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    const [code, signal] = await exit;
    clearTimeout(timer);
    return code ?? signal;
  }
}
