// A process manager of the test's own: its socket, its state, its commands, ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { IpcClient } from 'bunctl-ipc/client';
import type { IpcMessage, IpcResponse } from 'bunctl-ipc/protocol';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import { daemonEnvironment } from '#dist/cli/daemon/environment.js';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { removeDirectory, temporaryDirectory } from './endpoints.js';
import { hasFifos, hasProc, signalsAreMessages } from './platform.js';
import { printedBy } from './printed.js';
import { LASTS, type Program } from './programs.js';
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

/** What the status of an app tells that was ended with SIGKILL. */
export const KILLED: Partial<Status> = signalsAreMessages
  ? { last_exit_signal: 'SIGKILL' }
  : { last_exit_code: 1 };

export class Manager {
  readonly home: string;
  readonly socket: string;
  readonly env: NodeJS.ProcessEnv;

  /**
   * @param env Variables of its commands and of its daemon.
   * @param sharedHome The folder of a manager that all tests of a block share; see {@link sharedManager}.
   */
  constructor(env: NodeJS.ProcessEnv = {}, sharedHome?: string) {
    this.home = sharedHome ?? temporaryDirectory();
    this.socket = join(this.home, 's');
    this.env = {
      ...process.env,
      BUNCTL_SOCKET: this.socket,
      BUNCTL_STATE_DIR: join(this.home, 'state'),
      NO_COLOR: '1',
      // A daemon that a test kills stays dead, unless the test is about that.
      BUNCTL_RESPAWN: '0',
      ...env,
    };
    // Before the directory goes: clean-ups run from the last to the first.
    (sharedHome === undefined ? onTestFinished : afterAll)(() => this.#end());
  }

  /** Where the daemon listens, for a client that knows no paths: the socket, or the pipe that is named by it. */
  get endpoint(): string {
    return endpointAt(this.socket);
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

  /** A connection to the daemon, which is started if it does not run. */
  async daemon(): Promise<IpcClient> {
    if ((await this.#ask('List')) === undefined) await this.launch();
    return this.connect();
  }

  async status(name: string): Promise<Status> {
    const answer = await this.#ask({ Status: { name } });
    if (answer && 'Data' in answer) return answer.Data.data as Status;
    return JSON.parse(await this.ok('status', name, '-j')) as Status;
  }

  async pid(): Promise<number> {
    const answer = await this.#ask('List');
    const { daemon } = ((answer ?? {}) as { Data?: { daemon?: { pid: number } } }).Data ?? {};
    return daemon?.pid ?? Number(/pid (\d+)/.exec(await this.ok('ping'))?.[1]);
  }

  /** What an app has printed to stdout. */
  printed(id: string): string {
    try {
      // Where there are no FIFOs, apps print into plain files.
      if (!hasFifos) return readFileSync(stateFiles(this.state).rawLog(id, 'stdout'), 'utf8');
      return printedBy(this.state, id, 'stdout');
    } catch {
      return '';
    }
  }

  /** Starts the daemon as a command does, without the time that a command takes. */
  async launch(): Promise<void> {
    const child = spawn(process.execPath, [CLI, 'daemon'], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: {
        ...daemonEnvironment(this.env),
        BUNCTL_READY_FD: '3',
      },
    });
    const said = await text(child.stdio[3] as Readable);
    if (said !== 'ready\n') throw new Error(`the daemon did not start: ${said}`);
    child.unref();
  }

  /** Leaves a daemon as it was when it was started: without apps, logs and other files. */
  async clear(): Promise<void> {
    await this.deleteAll();
    removeDirectory(join(this.state, 'logs'));
    // The keeper may have made it again, to say what the log of a deleted app lacks.
    mkdirSync(join(this.state, 'logs'), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.home))
      if (name !== 's' && name !== 'state') removeDirectory(join(this.home, name));
  }

  /** Ends the daemon with SIGKILL. */
  async killDaemon(): Promise<void> {
    const daemon = await this.pid();
    process.kill(daemon, 'SIGKILL');
    await until(() => !alive(daemon), 'the daemon is gone');
  }

  /** Ends and removes all apps, if the daemon is there. */
  async deleteAll(): Promise<void> {
    const answer = await this.#ask('List');
    if (!answer || !('Data' in answer)) return;
    await Promise.all((answer.Data.data as string[]).map((name) => this.#ask({ Delete: { name } })));
  }

  /** A connection to the daemon that follows one that was killed. */
  async nextDaemon(): Promise<IpcClient> {
    await this.ok('start', 'other', '--', ...LASTS);
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

  /** Whether the daemon, if there is one, is on the socket and keeps the state of this test. */
  #isUsual(): boolean {
    return (
      this.env['BUNCTL_SOCKET'] === this.socket && this.env['BUNCTL_STATE_DIR'] === join(this.home, 'state')
    );
  }

  /** The daemon's answer; undefined if it cannot be asked on the socket of this test. */
  async #ask(message: IpcMessage): Promise<IpcResponse | undefined> {
    if (!this.#isUsual()) return undefined;
    const client = await IpcClient.connect(this.socket, { retry: 'busy' }).catch(() => undefined);
    try {
      return await client?.request(message);
    } finally {
      await client?.close();
    }
  }

  /** As the commands do, without the time that two processes take. False if there may be apps that it cannot reach. */
  async #endBySocket(): Promise<boolean> {
    if (!this.#isUsual()) return false;
    try {
      if ((await this.#ask('List')) === undefined) return this.#records() === 0;
      const daemon = await this.pid();
      await this.deleteAll();
      await this.#ask({ Shutdown: {} });
      await until(() => !alive(daemon), 'the daemon has ended');
      return true;
    } catch {
      return false;
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

/** A process manager with a daemon for all tests of a block, which must not harm it. Apps and files go with their test. */
export function sharedManager(env: NodeJS.ProcessEnv = {}): Manager {
  const home = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  // Hooks after tests run from the last to the first.
  afterAll(() => removeDirectory(home));
  const manager = new Manager(env, home);
  const variables = { ...manager.env };
  beforeAll(() => manager.launch());
  afterEach(async () => {
    for (const name of Object.keys(manager.env)) manager.env[name] = variables[name];
    await manager.clear();
  });
  return manager;
}

export function alive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    // A zombie, which init has not reaped, is dead.
    return !hasProc || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A Start request for a script of the shell. */
export function start(name: string, script: string, config: object = {}) {
  return startProgram(name, ['sh', '-c', script], config);
}

/** A Start request. */
export function startProgram(name: string, [command, ...args]: Program, config: object = {}) {
  return { Start: { name, config: JSON.stringify({ name, command, args, ...config }) } };
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
