// Follows the logs of apps in their files, with or without a daemon: each line once, across rotation, removal and upgrades.
import { stateFiles } from '../state/paths.js';
import { type AppLog, idsOfLogs, logsOf } from './app-log.js';
import { DirectoryWatch } from './directory-watch.js';
import { FollowedLog } from './followed-log.js';
import { Joiner } from './joiner.js';
import type { LogLine } from './log-line.js';
import type { AppLines } from './merge.js';
import { logOf, segmentNamed } from './segments.js';
import { SharedListing } from './shared-listing.js';

/** The interval, in ms, at which all files are looked at, in case the watch has missed a change. */
const POLL_EVERY = 1000;
/** How long, in ms, a line waits for its rest when another line has interrupted it. */
const HOLD = 100;

/** Lines of an app; `lost` says that lines before them are missing, whose files are gone. */
export interface Followed extends AppLines {
  readonly lost: boolean;
}

interface Followee {
  readonly id: string;
  readonly log: FollowedLog;
  readonly joiner: Joiner;
  /** Whether its files may have changed. */
  dirty: boolean;
  /** Since when, in ms, its joiner waits. */
  waitsSince: number | undefined;
}

export class LogsFollower {
  readonly #state: string;
  readonly #directory: string;
  readonly #listing: SharedListing;
  readonly #isFollowed: (id: string) => boolean;
  readonly #watch: DirectoryWatch;
  /** By the path of the file that is written. */
  readonly #logs = new Map<string, Followee>();
  /** Files that were put aside before their log was known. */
  readonly #noticed: (readonly [path: string, time: number])[] = [];
  #wake: (() => void) | undefined;
  /** A log was found whose app is not known. */
  #unknown = false;
  #begun = false;
  #closed = false;

  /**
   * Notices files from now on; lines are read by {@link lines}.
   *
   * @param ids The apps; null for all, also those that come later.
   */
  constructor(state: string, ids: readonly string[] | null) {
    this.#state = state;
    this.#directory = stateFiles(state).logs;
    this.#listing = new SharedListing(this.#directory);
    const followed = ids && new Set(ids);
    this.#isFollowed = (id) => followed === null || followed.has(id);
    this.#watch = new DirectoryWatch(this.#directory, {
      onChange: (name) => this.#changed(name),
      // Polling goes on.
      onFault: () => undefined,
    });
  }

  /** Follows an app from the end of a snapshot on, whose files it takes over. */
  follow({ id, records, raw }: AppLog): void {
    for (const snapshot of [records, ...raw])
      this.#add(id, new FollowedLog(snapshot.log, this.#listing, snapshot));
  }

  /** The lines that come, in the order of time as far as they come together. Ends after {@link close}. */
  async *lines(): AsyncGenerator<Followed> {
    this.#begun = true;
    for (const [path, time] of this.#noticed.splice(0)) this.#logs.get(path)?.log.notice(time);
    try {
      while (!this.#closed) {
        this.#listing.renew();
        if (this.#unknown) await this.#addUnknown();
        const { found, more } = await this.#readDirty();
        yield* inOrder(found);
        if (!more) await this.#idle();
      }
    } finally {
      this.close();
      await Promise.all([...this.#logs.values()].map(({ log }) => log.close()));
    }
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    this.#wake?.();
  }

  #add(id: string, log: FollowedLog): void {
    const joiner = new Joiner(true);
    this.#logs.set(log.log.path, { id, log, joiner, dirty: true, waitsSince: undefined });
  }

  #changed(name: string): void {
    const path = logOf(this.#directory, name);
    if (path === undefined) return;
    this.#listing.renew();
    const time = segmentNamed(path, name)?.until;
    if (time !== undefined && !this.#begun) this.#noticed.push([path, time]);
    const known = this.#logs.get(path);
    if (known) {
      known.dirty = true;
      if (time !== undefined) known.log.notice(time);
    } else this.#unknown = true;
    this.#wake?.();
  }

  /** Follows the logs of apps that have come since. */
  async #addUnknown(): Promise<void> {
    this.#unknown = false;
    const known = new Set([...this.#logs.values()].map(({ id }) => id));
    for (const id of idsOfLogs(this.#state, (await this.#listing.files()).keys()))
      if (this.#isFollowed(id) && !known.has(id))
        for (const log of logsOf(this.#state, id)) this.#add(id, new FollowedLog(log, this.#listing));
  }

  /** Reads a block of each log that has changed. */
  async #readDirty(): Promise<{ found: Followed[]; more: boolean }> {
    const found: Followed[] = [];
    let more = false;
    for (const followee of this.#logs.values()) {
      if (this.#closed) break;
      const { id: app, log, joiner } = followee;
      if (!followee.dirty) {
        const held = followee.waitsSince !== undefined && performance.now() - followee.waitsSince >= HOLD;
        if (held) found.push({ app, lines: joiner.flush(), lost: false });
        if (held) followee.waitsSince = undefined;
        continue;
      }
      followee.dirty = false;
      const { rows, generation, more: again, lost } = await log.read();
      const lines = joiner.add(rows, generation);
      if (!again) lines.push(...joiner.settle());
      followee.waitsSince = joiner.waits ? performance.now() : undefined;
      if (again) more = followee.dirty = true;
      if (lost || lines.length > 0) found.push({ app, lines, lost });
    }
    return { found, more };
  }

  /** Waits until something has changed, or it is time to look. */
  async #idle(): Promise<void> {
    if (this.#closed || this.#unknown || [...this.#logs.values()].some(({ dirty }) => dirty)) return;
    const waits = [...this.#logs.values()].some(({ waitsSince }) => waitsSince !== undefined);
    const woken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), waits ? HOLD : POLL_EVERY);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.#wake = undefined;
    if (woken || waits) return;
    this.#unknown = true;
    for (const followee of this.#logs.values()) followee.dirty = true;
    await this.#watch.renew();
  }
}

/** What several logs gave in one turn, in the order of time. */
function* inOrder(found: readonly Followed[]): Generator<Followed> {
  for (const { app, lost } of found) if (lost) yield { app, lines: [], lost };
  const [only, ...others] = found;
  if (!only || others.length === 0) {
    if (only) yield { ...only, lost: false };
    return;
  }
  const all = found.flatMap(({ app, lines }) => lines.map((line) => ({ app, line })));
  const time = ({ line }: { line: LogLine }): number => (Number.isNaN(line.at) ? Date.now() : line.at);
  let run: { app: string; lines: LogLine[]; lost: false } | undefined;
  for (const { app, line } of all.sort((a, b) => time(a) - time(b))) {
    if (run?.app === app) run.lines.push(line);
    else {
      if (run) yield run;
      run = { app, lines: [line], lost: false };
    }
  }
  if (run) yield run;
}
