// The daemon's channel to its watcher: starts one, and another one when it has died.
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { DaemonCommand } from '../../model/keeper-messages.js';
import type { DaemonHello, ToWatcher } from '../../model/watcher-messages.js';

/** How long, in ms, another watcher is waited for after one that has ended. */
const PAUSE = 2000;
/** How long, in ms, the watcher may take to end when the daemon leaves: it may have been started just now. */
const PATIENCE = 5000;

const SCRIPT = new URL('../../../bundle/watcher.js', import.meta.url);

/** What both ends of a channel have: this process, as a watcher's child, and a watcher that is our child. */
interface Channel {
  readonly connected: boolean;
  readonly channel?: { unref(): void } | null | undefined;
  send(message: ToWatcher, onSent: (error: Error | null) => void): boolean;
  once(event: 'disconnect', listener: () => void): unknown;
}

export interface WatcherSettings {
  readonly directory: string;
  readonly log: Logger;
  /** How the daemon is started again. */
  readonly again: DaemonCommand;
  /** Whether a watcher has started this process, and is at the other end of its channel. */
  readonly fromWatcher: boolean;
}

export class WatcherLink {
  readonly #settings: WatcherSettings;
  #channel: Channel | undefined;
  #closed = false;

  constructor(settings: WatcherSettings) {
    this.#settings = settings;
    if (settings.fromWatcher && process.connected) this.#useOwn(process as unknown as Channel);
    else this.#start();
  }

  /** The daemon ends as it was told to. Resolves when the watcher has ended, which it then does, or takes too long. */
  async leave(): Promise<void> {
    this.#closed = true;
    const channel = this.#channel;
    if (channel === undefined || !channel.connected) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      // A watcher that has not read it would take our end for a death.
      channel.once('disconnect', () => {
        clearTimeout(timer);
        resolve();
      });
      channel.send({ leave: true }, () => undefined);
    });
  }

  #start(): void {
    const watcher = spawn(
      process.execPath,
      [
        '--max-semi-space-size=1',
        '--max-old-space-size=64',
        fileURLToPath(SCRIPT),
        this.#settings.directory,
        JSON.stringify(this.#hello),
      ],
      {
        detached: true,
        // A folder that a process runs in cannot be removed on Windows.
        cwd: homedir(),
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        windowsHide: true,
      },
    );
    watcher.on('error', (err) => this.#settings.log.error({ err }, 'the watcher of the daemon has a fault'));
    watcher.unref();
    this.#use(watcher);
  }

  #useOwn(channel: Channel): void {
    this.#use(channel);
    // The end of its channel shows that a watcher has ended.
    channel.send({ hello: this.#hello }, () => undefined);
  }

  get #hello(): DaemonHello {
    return { pid: process.pid, again: this.#settings.again };
  }

  #use(channel: Channel): void {
    const { log } = this.#settings;
    this.#channel = channel;
    channel.once('disconnect', () => {
      this.#channel = undefined;
      if (this.#closed) return;
      log.warn('the watcher of the daemon has ended and is started again');
      setTimeout(() => {
        if (!this.#closed) this.#start();
      }, PAUSE).unref();
    });
    // It is to keep nothing alive.
    channel.channel?.unref();
  }
}
