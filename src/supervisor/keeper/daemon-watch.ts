// Starts the daemon again when it has died. If it dies again and again, it is left, and a file says why.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Environment } from '../model/app-record.js';
import type { DaemonCommand } from '../model/keeper-messages.js';
import { type LogLevel, logLine } from './log-line.js';
import { REPLACES } from '../model/own-variables.js';

/** How a daemon ends that was told to: with this code, or before it catches signals by one of these. */
const WANTED_CODES: readonly (number | null)[] = [0, 130];
const WANTED_SIGNALS: readonly (NodeJS.Signals | null)[] = ['SIGTERM', 'SIGINT'];

/** After more deaths than this within the time, in ms, the daemon is not started again. */
const MOST_DEATHS = 5;
const WITHIN = 60_000;
const PAUSE = 1000;

export interface WatchSettings {
  /** The file with the sentence that says why the daemon is not started any more. */
  readonly givenUp: string;
  readonly daemonLog: string;
  /** Called when no daemon will come any more. */
  readonly onGivenUp: () => void;
  /** Whether another daemon is there by now, which this one does not hear of; then none is started again. */
  readonly isReplaced?: (() => boolean) | undefined;
  /** Called with each daemon that was started; it has a channel then. Without it a daemon has none. */
  readonly onStarted?: ((daemon: ChildProcess) => void) | undefined;
  /** How long, in ms, a daemon that could not start is left before the next try; default 1 s. */
  readonly pause?: number | undefined;
}

export class DaemonWatch {
  readonly #settings: WatchSettings;
  #deaths: number[] = [];
  /** The daemon that was started last, until it says hello or ends. */
  #starting: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #command: DaemonCommand | null = null;
  #environment: Environment | null = null;
  #dead = 0;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  /** Whether a daemon is on its way. */
  get expects(): boolean {
    return this.#starting !== undefined || this.#timer !== undefined;
  }

  /** A daemon is there. */
  arrived(): void {
    this.#starting = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * The daemon with this number has died; it is started again by the command, or not at all.
   *
   * @param environment Its own; null for that of this process.
   */
  died(pid: number, command: DaemonCommand | null, environment: Environment | null): void {
    this.#dead = pid;
    this.#command = command;
    this.#environment = environment;
    if (command !== null) this.#start();
  }

  #start(): void {
    const now = performance.now();
    this.#deaths = this.#deaths.filter((at) => now - at < WITHIN);
    this.#deaths.push(now);
    if (this.#deaths.length > MOST_DEATHS) {
      this.#giveUp();
      return;
    }
    const { program, args } = this.#command as DaemonCommand;
    this.#log('warn', `the daemon (process ${this.#dead}) has died and is started again`);
    const child = spawn(program, args, {
      detached: true,
      cwd: process.platform === 'win32' ? homedir() : '/',
      stdio: ['ignore', 'ignore', 'ignore', this.#settings.onStarted ? 'ipc' : 'ignore'],
      windowsHide: true,
      env: { ...(this.#environment ?? process.env), [REPLACES]: String(this.#dead) },
    });
    this.#starting = child;
    child.once('error', (error) => this.#failed(child, error.message));
    child.once('exit', (code, signal) => {
      if (WANTED_CODES.includes(code) || WANTED_SIGNALS.includes(signal)) this.#left(child);
      else this.#failed(child, signal ?? `code ${code}`);
    });
    child.unref();
    this.#settings.onStarted?.(child);
  }

  /** It has ended as it was told to, before it said hello. */
  #left(child: ChildProcess): void {
    if (this.#starting !== child) return;
    this.#starting = undefined;
    this.#settings.onGivenUp();
  }

  /** It has died before it said hello; one that did is known by its connection. */
  #failed(child: ChildProcess, how: string): void {
    if (this.#starting !== child) return;
    this.#starting = undefined;
    if (this.#settings.isReplaced?.()) {
      this.#settings.onGivenUp();
      return;
    }
    this.#log('error', `the daemon that was started again ended with ${how}`);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start();
    }, this.#settings.pause ?? PAUSE);
  }

  #giveUp(): void {
    const sentence = `The daemon died ${this.#deaths.length} times within a minute, the last time at ${new Date().toISOString()}, and was not started again; its apps run on. The end of ${this.#settings.daemonLog} may say why; any command that needs a daemon starts one`;
    this.#log('error', sentence);
    try {
      writeFileSync(this.#settings.givenUp, `${sentence}\n`, { mode: 0o600 });
    } catch {
      // The disk is full, for example: the log may have had room for it.
    }
    this.#settings.onGivenUp();
  }

  #log(level: LogLevel, msg: string): void {
    logLine(this.#settings.daemonLog, level, msg);
  }
}
