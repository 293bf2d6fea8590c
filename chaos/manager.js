// The daemon of bunctl under faults: it is started, killed, started again, and ended with all that its apps have left.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IpcClient } from 'bunctl-ipc/client';
import { Child } from './child.js';
import { markedWith, signal, until } from './system.js';

const CLI = fileURLToPath(new URL('../dist/cli/bunctl.cjs', import.meta.url));

export class Manager {
  /** What a witness asks, and the right answer. */
  question = { ask: () => 'List', check: (answer) => Array.isArray(answer.Data?.data) };
  #env;
  #before;
  #child;

  /** @param state The directory of its state. */
  constructor(home, { before = [], state = join(home, 'state') } = {}) {
    this.path = join(home, 'm');
    this.home = home;
    this.base = state;
    this.#before = before;
    mkdirSync(state, { recursive: true, mode: 0o700 });
    this.#env = {
      PATH: process.env.PATH,
      HOME: home,
      BUNCTL_STATE_DIR: state,
      // The daemon itself has no such variable, so that only its apps carry it.
      NO_COLOR: '1',
      // The campaign itself starts daemons again.
      BUNCTL_RESPAWN: '0',
    };
  }

  get pid() {
    return this.#child.pid;
  }

  /** The directory of this daemon's state. */
  get state() {
    return join(this.base, readdirSync(this.base).find((name) => !name.startsWith('.')) ?? '');
  }

  async start() {
    const line = [...this.#before, process.execPath, CLI, 'daemon', '--quiet', '--socket', this.path];
    this.#child = new Child(line, { env: this.#env, cwd: this.home });
    const answers = async () => {
      if (!this.#child.running) throw new Error(`bunctl's daemon did not start: ${this.#child.stderr}`);
      const client = await IpcClient.connect(this.path, { timeout: 500 }).catch(() => undefined);
      if (client === undefined) return false;
      await client.close();
      return true;
    };
    if (!(await until(answers, 30_000))) throw new Error("bunctl's daemon does not answer");
  }

  async kill() {
    await this.#child.kill();
  }

  connect() {
    return IpcClient.connect(this.path, { retry: 'absent', timeout: 20_000, requestTimeout: 60_000 });
  }

  /** The processes that its apps are. */
  processes() {
    return markedWith(`BUNCTL_SOCKET=${this.path}`);
  }

  /** The statuses of all apps, by name. */
  async statuses(client) {
    const { Data } = await client.request({ Status: { name: null } });
    return new Map(Data.data.map((status) => [status.name, status]));
  }

  /** Ends the daemon, which ends its apps; then whatever the apps have left. */
  async end() {
    if (!this.#child.running) {
      this.#endProcesses();
      throw new Error(`bunctl's daemon has ended by itself: ${this.#child.stderr}`);
    }
    await this.#child.end((child) => child.kill('SIGTERM'));
    this.#endProcesses();
  }

  #endProcesses() {
    for (const pid of this.processes()) signal(pid, 'SIGKILL');
  }
}

/** A Start request for a shell script. */
export function startOf(name, script, config = {}) {
  return {
    Start: {
      name,
      config: JSON.stringify({ name, command: 'sh', args: ['-c', script], ...config }),
      environment: { PATH: process.env.PATH },
    },
  };
}
