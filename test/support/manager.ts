// A process manager of the test's own: its socket, its state, its commands, ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IpcClient } from 'bunctl-ipc/client';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './daemon.js';
import { until } from './until.js';

export const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bunctl.cjs');

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface Status {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
  readonly last_exit_code: number | null;
  readonly last_exit_signal: string | null;
  readonly last_exit_unknown: boolean;
  readonly backoff_exhausted: boolean;
  readonly env: Record<string, string>;
}

export class Manager {
  readonly home = temporaryDirectory();
  readonly socket = join(this.home, 's');
  readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.env = {
      ...process.env,
      BUNCTL_SOCKET: this.socket,
      BUNCTL_STATE_DIR: join(this.home, 'state'),
      NO_COLOR: '1',
      // A daemon that a test kills stays dead, unless the test is about that.
      BUNCTL_RESPAWN: '0',
      ...env,
    };
    // Before the directory goes: tests' clean-ups run from the last to the first.
    onTestFinished(() => this.#end());
  }

  /** The one state directory. */
  get state(): string {
    const base = join(this.home, 'state');
    return join(base, readdirSync(base)[0] ?? '');
  }

  spawn(args: readonly string[], cwd = this.home): ChildProcess {
    return spawn(process.execPath, [CLI, ...args], { env: this.env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<Ran> {
    return this.runIn(this.home, ...args);
  }

  async runIn(cwd: string, ...args: string[]): Promise<Ran> {
    const child = this.spawn(args, cwd);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { stdout, stderr, code };
  }

  /** Runs a command that must succeed; its stdout. */
  async ok(...args: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.run(...args);
    if (code !== 0) throw new Error(`bunctl ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  async connect(): Promise<IpcClient> {
    const client = await IpcClient.connect(this.socket);
    onTestFinished(() => client.close());
    return client;
  }

  /** A connection to a daemon that is started first. */
  async daemon(): Promise<IpcClient> {
    await this.ok('start', 'first', '--restart', 'no', '--', 'true');
    await this.ok('delete', 'first', '-f');
    return this.connect();
  }

  async status(name: string): Promise<Status> {
    return JSON.parse(await this.ok('status', name, '-j')) as Status;
  }

  async pid(): Promise<number> {
    return Number(/pid (\d+)/.exec(await this.ok('ping'))?.[1]);
  }

  /** Ends the daemon with SIGKILL. */
  async killDaemon(): Promise<void> {
    const daemon = await this.pid();
    process.kill(daemon, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon is gone');
  }

  /** A connection to the daemon that follows one that was killed. */
  async nextDaemon(): Promise<IpcClient> {
    await this.ok('start', 'other', '--', 'sleep', '1000');
    return this.connect();
  }

  daemonLog(): string {
    return readFileSync(join(this.state, 'daemon.log'), 'utf8');
  }

  /** Ends the apps and the daemon; by the command if the daemon cannot be asked here. */
  async #end(): Promise<void> {
    if (await this.#endBySocket()) return;
    await this.run('delete', 'all', '-f');
    await this.run('shutdown');
  }

  /** As the commands do, without the time that two processes take. False if there may be apps that it cannot reach. */
  async #endBySocket(): Promise<boolean> {
    const usual =
      this.env['BUNCTL_SOCKET'] === this.socket && this.env['BUNCTL_STATE_DIR'] === join(this.home, 'state');
    if (!usual) return false;
    let client: IpcClient;
    try {
      client = await IpcClient.connect(this.socket);
    } catch {
      return this.#records() === 0;
    }
    try {
      const answer = (await client.request('List')) as unknown as {
        Data: { data: string[]; daemon: { pid: number } };
      };
      const { data: apps, daemon } = answer.Data;
      await Promise.all(apps.map((name) => client.request({ Delete: { name } })));
      await client.request({ Shutdown: {} });
      await until(() => !alive(daemon.pid), 'the daemon has ended');
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }

  /** The number of files about apps. */
  #records(): number {
    try {
      return readdirSync(join(this.state, 'apps')).length;
    } catch {
      return 0;
    }
  }
}

export function alive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    // A zombie, which init has not reaped, is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A Start request. */
export function start(name: string, script: string, config: object = {}) {
  return {
    Start: { name, config: JSON.stringify({ name, command: 'sh', args: ['-c', script], ...config }) },
  };
}

export const FAST = {
  base_delay_ms: 20,
  max_delay_ms: 50,
  multiplier: 2,
  jitter: 0,
  max_attempts: null,
  exhausted_action: 'stop',
};

/** The status of an app, by its wire. */
export async function statusOf(client: IpcClient, name: string): Promise<Status> {
  const answer = await client.request({ Status: { name } });
  if (!('Data' in answer)) throw new Error(JSON.stringify(answer));
  return answer.Data.data as Status;
}

export async function untilState(client: IpcClient, name: string, state: string): Promise<Status> {
  await until(async () => (await statusOf(client, name)).state === state, `${name} is ${state}`);
  return statusOf(client, name);
}

/** The number that a script has written into a file, with its newline. */
export async function written(path: string): Promise<number> {
  const text = (): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => text().endsWith('\n'), `${path} is written`);
  return Number(text());
}
