// The daemon's connection to the keeper: starts one when there is none, and another one when it has died.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { IpcClient } from '../../../client/client.js';
import { systemClock } from '../../../clock.js';
import { waitAtMost, within } from '../../../timeout.js';
import { VERSION } from '../../../version.js';
import type { DaemonCommand, KeeperHello, KeeperRequest } from '../../model/keeper-messages.js';
import { answerOf, keepersOf, killUnreachable, LOOKS_TO_WAIT } from './keeper-process.js';
import { keeperPath, startKeeper, toldEnvironment } from './keeper-start.js';
import { identify, isAlive, type ProcessIdentity } from '../../system/processes.js';

/** How long, in ms, a keeper may take to start, and to answer. */
const START_PATIENCE = 10_000;
const ANSWER_PATIENCE = 5000;
/** The same for a keeper that has not answered for a while. It does what it was asked when it goes on. */
const SILENT_PATIENCE = 100;
/** The time, in ms, between two questions whether the keeper answers. */
const ASK_EVERY = 2000;
/** How long, in ms, another keeper is waited for after one that did not last. */
const PAUSE = 1000;
const SHORT_LIFE = 1000;
/** How long, in ms, the keeper may take to end with the daemon. It stays as long as something may print. */
const END_PATIENCE = 500;

const ENDS = 'The daemon ends';

export interface KeeperSettings {
  readonly directory: string;
  readonly log: Logger;
  /** How the keeper starts the daemon again; null for not at all. */
  readonly again: DaemonCommand | null;
  /** The soft limit of open files that apps get, and that a daemon which is started again cannot see any more. */
  readonly openFiles: number | undefined;
  /** Whether an app prints into FIFOs, so that one that has died is missed. */
  readonly needed: () => boolean;
  /** Called for each new keeper, before anybody else may ask it. */
  readonly onUp: (ask: (request: KeeperRequest) => Promise<string>) => Promise<void>;
}

const messageOf = (answer: unknown): string => (answer as { Success: { message: string } }).Success.message;

export class KeeperLink {
  /** Where it listens, by a path that a socket's address has room for; undefined when there is none. */
  readonly path: string | undefined;
  readonly #settings: KeeperSettings;
  #up: Promise<IpcClient> | undefined;
  #client: IpcClient | undefined;
  /** The connection on which this daemon has said hello last: a keeper takes its end for our death. */
  #greeted: IpcClient | undefined;
  #keeper: ProcessIdentity | undefined;
  #closed = false;
  /** Whether it has not answered for a while. */
  #silent = false;
  /** Whether another try is under way. */
  #waits = false;

  constructor(settings: KeeperSettings) {
    this.#settings = settings;
    this.path = keeperPath(settings.directory);
  }

  /**
   * Resolves when a keeper answers; one is started if there is none.
   *
   * @throws when none can be had now.
   */
  async ready(): Promise<void> {
    await within(this.#connected(), START_PATIENCE, 'The keeper of the output did not answer');
  }

  /** Tells a keeper that is there already of this daemon, which it may have started; starts none. Never rejects. */
  async greet(): Promise<void> {
    try {
      if (this.path === undefined) return;
      const heard = await IpcClient.connect(this.path, { timeout: ANSWER_PATIENCE }).catch(() => undefined);
      if (heard === undefined) return;
      await heard.close({ drain: 0 });
      await this.ready();
    } catch (err) {
      if (!this.#closed)
        this.#settings.log.warn({ err }, 'the keeper of the output could not be told of this daemon');
    }
  }

  /** Asks the keeper. Resolves with the answer's message. @throws what it answers, or that it does not. */
  async ask(request: KeeperRequest): Promise<string> {
    const client = await within(
      this.#connected(),
      ANSWER_PATIENCE,
      'The keeper of the output did not answer',
    );
    return messageOf(await client.request(request as never, { timeout: this.#patience }));
  }

  /** Asks the keeper that is there, if one is; never starts one. Resolves with the answer's message, or undefined. */
  async askIfUp(request: KeeperRequest): Promise<string | undefined> {
    const answer = await this.#client
      ?.request(request as never, { timeout: this.#patience })
      .catch(() => undefined);
    return answer && messageOf(answer);
  }

  get #patience(): number {
    return this.#silent ? SILENT_PATIENCE : ANSWER_PATIENCE;
  }

  /** The daemon ends as it was told to, and is not to be started again. Resolves when the keeper knows. */
  async leave(): Promise<void> {
    this.#closed = true;
    const greeted = this.#greeted;
    // At once, while the keeper may still be told of apps: this process may have no time left.
    const left = greeted?.request({ Leave: {} } as never, { timeout: this.#patience });
    await Promise.allSettled([
      left,
      waitAtMost(Promise.allSettled([this.#up]), END_PATIENCE, () => undefined),
    ]);
    await greeted?.close();
  }

  /** After {@link leave}: resolves when the keeper has ended, or has output to wait for. */
  async gone(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    for (const deadline = performance.now() + END_PATIENCE; performance.now() < deadline && isAlive(keeper);)
      await sleep(5);
  }

  /** Lets go of the keeper, as a daemon that dies does. */
  close(): void {
    this.#closed = true;
    this.#greeted?.close({ drain: 0 }).catch(() => undefined);
  }

  #connected(): Promise<IpcClient> {
    if (this.#closed) return Promise.reject(new Error(ENDS));
    this.#up ??= this.#bring().catch((error: unknown) => {
      this.#up = undefined;
      this.#tryLater(PAUSE);
      throw error;
    });
    return this.#up;
  }

  /** Apps that print need a keeper again: their FIFOs fill up. */
  #tryLater(after: number): void {
    if (this.#closed || this.#waits || !this.#settings.needed()) return;
    this.#waits = true;
    sleep(after, undefined, { ref: false })
      .then(() => {
        this.#waits = false;
        return this.#closed ? undefined : this.#connected();
      })
      .catch((err: unknown) =>
        this.#settings.log.error({ err }, 'the keeper of the output cannot be started'),
      );
  }

  async #bring(): Promise<IpcClient> {
    const path = this.path;
    if (path === undefined) throw new Error('the path of the state directory is too long for a socket in it');
    let { client, hello } = await this.#find(path);
    if (client === undefined) {
      await killUnreachable(this.#settings);
      this.#goOn();
      startKeeper(this.#settings.directory, this.#settings.openFiles);
      client = await IpcClient.connect(path, { timeout: START_PATIENCE, retry: 'absent' });
      // Nobody has told it anything yet, so it would wait for a daemon.
      if (this.#closed)
        await client.request({ End: {} } as never, { timeout: ANSWER_PATIENCE }).catch(() => undefined);
      hello = await this.#hello(client);
    }
    const made = client;
    this.#keeper = identify((hello as KeeperHello).pid);
    try {
      await this.#settings.onUp(async (request) =>
        messageOf(await made.request(request as never, { timeout: ANSWER_PATIENCE })),
      );
    } catch (err) {
      this.#settings.log.error({ err }, 'the keeper of the output could not be told of an app');
    }
    // `leave` or `close` has ended this connection, with a farewell or without one.
    this.#goOn();
    this.#client = made;
    this.#lookAfter(made, this.#keeper).catch((err: unknown) =>
      this.#settings.log.error({ err }, 'the keeper of the output is no longer watched'),
    );
    return made;
  }

  /** @throws when the daemon ends: no keeper is to look after it any more. */
  #goOn(): void {
    if (this.#closed) throw new Error(ENDS);
  }

  /** The keeper that is there, if it answers and is of this version. */
  async #find(path: string): Promise<{ client?: IpcClient; hello?: KeeperHello }> {
    const options = { timeout: ANSWER_PATIENCE, retry: 'busy' } as const;
    const client = await IpcClient.connect(path, options).catch(() => undefined);
    if (client === undefined) return {};
    try {
      const hello = await this.#hello(client);
      if (hello.version === VERSION) return { client, hello };
      const ended = client.request({ End: {} } as never, { timeout: ANSWER_PATIENCE });
      await waitAtMost(Promise.allSettled([ended, client.whenClosed]), ANSWER_PATIENCE, () => undefined);
    } catch (err) {
      this.#goOn();
      this.#settings.log.warn({ err }, 'the running keeper of the output does not answer');
    }
    await client.close({ drain: 0 });
    return {};
  }

  async #hello(client: IpcClient): Promise<KeeperHello> {
    if (this.#closed) {
      await client.close({ drain: 0 });
      throw new Error(ENDS);
    }
    const { again, directory, openFiles, log } = this.#settings;
    const hello = { pid: process.pid, again, environment: again && toldEnvironment(openFiles, log) };
    this.#greeted = client;
    const asked = client.request({ Hello: hello } as never, { timeout: 0 });
    const answer = await answerOf(asked, this.#settings, () => keepersOf(directory));
    return JSON.parse(messageOf(answer)) as KeeperHello;
  }

  /** Asks now and then whether it answers, and starts another one when it has ended. */
  async #lookAfter(client: IpcClient, keeper: ProcessIdentity): Promise<void> {
    const begun = performance.now();
    while (!client.closed) {
      const answer = client.request({ Sync: { id: '' } } as never, { timeout: 0 });
      const onLook = (looks: number): void => void (this.#silent = looks >= LOOKS_TO_WAIT);
      await answerOf(answer, this.#settings, () => Promise.resolve([keeper]), onLook).catch(() => undefined);
      this.#silent = false;
      await waitAtMost(client.whenClosed, ASK_EVERY, () => undefined, systemClock);
    }
    await client.whenClosed;
    this.#client = undefined;
    this.#keeper = undefined;
    this.#up = undefined;
    if (this.#closed) return;
    this.#settings.log.warn(
      { keeper: keeper.pid },
      'the keeper of the output has ended and is started again',
    );
    this.#tryLater(performance.now() - begun < SHORT_LIFE ? PAUSE : 0);
  }
}
