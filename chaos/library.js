// The library's daemon under faults: it is started, killed, started again; what it has answered must be in its journal.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';

const RUN = fileURLToPath(new URL('daemon/run.js', import.meta.url));

export class Library {
  /** What a witness asks, and the right answer. */
  question = {
    ask: (number) => ({ Start: { name: String(number), config: '' } }),
    check: (answer, number) => answer.Success?.message === String(number),
  };
  #line;
  #child;

  constructor(path, { before = [], ...options }) {
    this.path = path;
    this.journal = `${path}.journal`;
    const argument = JSON.stringify({ ...options, socketPath: path, journal: this.journal });
    this.#line = [...before, process.execPath, RUN, argument];
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.running;
  }

  get stderr() {
    return this.#child.stderr;
  }

  async start() {
    this.#child = new Child(this.#line);
    await this.#child.ready('listening');
  }

  async kill() {
    await this.#child.kill();
  }

  /** It must still be there, and end by itself when it is told to. */
  async end() {
    if (!this.running) throw new Error(`the daemon has ended by itself: ${this.stderr}`);
    const code = await this.#child.end();
    if (code !== 0) throw new Error(`the daemon ended with ${code}: ${this.stderr}`);
  }

  /** Every request that was answered with success was done once; none was done twice. */
  verify({ done }) {
    const times = new Map();
    for (const line of this.#journalLines()) times.set(line, (times.get(line) ?? 0) + 1);
    const missing = done.filter((number) => !times.has(String(number)));
    const twice = [...times].filter(([, count]) => count > 1).map(([number]) => number);
    return [
      ...missing.map((number) => `request ${number} was answered, and was not done`),
      ...twice.map((number) => `request ${number} was done more than once`),
    ];
  }

  #journalLines() {
    try {
      return readFileSync(this.journal, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  }
}
