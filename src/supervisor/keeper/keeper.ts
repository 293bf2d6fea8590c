// The keeper: the logs of all apps, the requests of the daemon, and the end when neither a daemon nor an app is left.
import { existsSync, rmSync, statSync } from 'node:fs';
import {
  type FromDaemon,
  type KeeperHello,
  type KeeperRequest,
  type LogSettings,
  type OpenFifos,
  READS_ON,
} from '../model/keeper-messages.js';
import { stateFiles, type Stream } from '../state/paths.js';
import { VERSION } from '../../version.js';
import { AppLog, type AppLogHooks } from './app-log.js';
import { Compressor } from './compressor.js';
import { DaemonWatch } from './daemon-watch.js';
import { Fifo } from './fifo.js';
import { Generation } from './generation.js';
import { putAside, removeLog, removeParts } from './log-folder.js';
import { logLine } from './log-line.js';
import { LineFeed } from './line-feed.js';
import type { Peer } from './server.js';

/** What the keeper reads of one app. */
interface Kept {
  readonly log: AppLog;
  /** FIFOs of an earlier run may still be read, if they were removed and new ones made. */
  readonly fifos: Set<Fifo>;
  /** Whether the app is gone for good, and its FIFOs go with what it has left. */
  removed?: boolean;
}

/** The daemon's connection. */
interface Daemon extends FromDaemon {
  readonly peer: Peer;
  leaves: boolean;
}

/** How often a log that could not be written is tried, in ms. */
const SETTLE_EVERY = 1000;

const STREAMS = ['stdout', 'stderr'] as const;

export class Keeper {
  readonly #files: ReturnType<typeof stateFiles>;
  readonly #apps = new Map<string, Kept>();
  /** The logs of apps that have ended, which do not tell yet of what could not be written. */
  readonly #owing = new Map<string, AppLog>();
  /** The generation of every log that was written or asked for. */
  readonly #generations = new Map<string, Generation>();
  readonly #feed = new LineFeed();
  readonly #watch: DaemonWatch;
  readonly #compressor: Compressor;
  readonly #onDone: () => void;
  #daemon: Daemon | undefined;
  #reader: Peer | undefined;

  /** @param onDone Called when nothing is left to do. */
  constructor(directory: string, onDone: () => void) {
    this.#files = stateFiles(directory);
    this.#onDone = onDone;
    removeParts(this.#files.logs);
    this.#compressor = new Compressor((message) => this.#fault(message));
    this.#watch = new DaemonWatch({
      givenUp: this.#files.givenUp,
      daemonLog: this.#files.daemonLog,
      onGivenUp: () => this.#endIfDone(),
    });
    setInterval(() => this.#settle(), SETTLE_EVERY).unref();
  }

  /** Answers a request of the daemon. @throws when it cannot be done. */
  async request(asked: KeeperRequest | { readonly Subscribe: unknown }, peer: Peer): Promise<string> {
    if ('Hello' in asked) return this.#hello(peer, asked.Hello);
    if ('Open' in asked) return this.#open(asked.Open);
    if ('Sync' in asked) return this.#sync(asked.Sync.id);
    if ('Generations' in asked)
      return JSON.stringify(asked.Generations.ids.map((id) => this.#generationOf(id).now));
    if ('Flush' in asked) return this.#flush(asked.Flush);
    if ('Remove' in asked) return this.#remove(asked.Remove.id);
    if ('Subscribe' in asked) return this.#read(peer);
    if ('Leave' in asked) {
      if (this.#daemon?.peer === peer) this.#daemon.leaves = true;
      return this.#sync(null);
    }
    if ('End' in asked) {
      this.#sync(null);
      this.#onDone();
      return 'Farewell';
    }
    throw new Error('The keeper does not know this request');
  }

  /** A connection has ended. */
  ended(peer: Peer): void {
    if (this.#reader === peer) {
      this.#reader = undefined;
      this.#feed.target = undefined;
    }
    const daemon = this.#daemon;
    if (daemon?.peer !== peer) return;
    this.#daemon = undefined;
    if (!daemon.leaves) this.#watch.died(daemon.pid, daemon.again, daemon.environment ?? null);
    this.#endIfDone();
  }

  #hello(peer: Peer, daemon: FromDaemon): string {
    this.#watch.arrived();
    this.#daemon = { ...daemon, peer, leaves: false };
    const hello: KeeperHello = { version: VERSION, pid: process.pid };
    return JSON.stringify(hello);
  }

  #read(peer: Peer): string {
    this.#reader = peer;
    this.#feed.target = { ready: peer.ready, send: (written) => peer.sendEvent('written', written) };
    return 'Subscribed';
  }

  #open({ id, settings, newRun, fifos }: OpenFifos): string {
    const known = this.#apps.get(id);
    if (known) {
      for (const fifo of known.fifos) fifo.drain();
      known.log.use(settings);
    }
    const kept = known ?? { log: this.#logOf(id, settings), fifos: new Set<Fifo>() };
    kept.removed = false;
    if (newRun) kept.log.newRun();
    this.#apps.set(id, kept);
    this.#owing.delete(id);
    const [fault] = STREAMS.flatMap((stream) => this.#readFifo(id, kept, stream, fifos[stream]) ?? []);
    // It has ended, and its FIFOs are gone; its log may still have something to say.
    if (kept.fifos.size === 0) this.#ended(id, kept);
    if (fault !== undefined) throw fault;
    return 'Opened';
  }

  /** Returns why it cannot be read. */
  #readFifo(id: string, kept: Kept, stream: Stream, way: string | undefined): Error | undefined {
    try {
      if (way === undefined) return undefined;
      const found = statSync(way);
      if ([...kept.fifos].some((fifo) => fifo.reads(found))) return undefined;
      const fifo = new Fifo(
        way,
        (text) => kept.log.take(stream, text),
        () => this.#closed(id, kept, fifo),
      );
      kept.fifos.add(fifo);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** The log that still owes something, or a new one. */
  #logOf(id: string, settings: LogSettings): AppLog {
    const owing = this.#owing.get(id);
    this.#owing.delete(id);
    owing?.use(settings);
    return owing ?? this.#newLog(id, settings);
  }

  #newLog(id: string, settings: LogSettings): AppLog {
    const hooks: AppLogHooks = {
      onWritten: (written) => this.#feed.take(written),
      onLost: (stream, lines) => this.#feed.skip(id, stream, lines),
      onAside: (path, { compress }) => {
        // With those that a former keeper has left.
        if (compress)
          for (const each of putAside(path)) if (!each.compressed) this.#compressor.add(each.path);
      },
      onFault: (message) => this.#fault(message),
    };
    return new AppLog(id, settings, this.#files, hooks, this.#generationOf(id));
  }

  #generationOf(id: string): Generation {
    const generation = this.#generations.get(id) ?? new Generation();
    this.#generations.set(id, generation);
    return generation;
  }

  #sync(id: string | null): string {
    const apps = id === null ? [...this.#apps.values()] : [this.#apps.get(id)];
    for (const app of apps) for (const fifo of app?.fifos ?? []) fifo.drain();
    return 'Everything is written';
  }

  #flush({ id, settings }: { id: string; settings: LogSettings }): string {
    const kept = this.#apps.get(id);
    for (const fifo of kept?.fifos ?? []) fifo.drain();
    const log = kept?.log ?? this.#logOf(id, settings);
    log.flush();
    if (kept === undefined) log.close();
    // The files that the app printed in the other format, or under an older version.
    for (const path of this.#files.everyLog(id)) if (!log.writes(path)) removeLog(path);
    return 'Emptied';
  }

  #remove(id: string): string {
    this.#sync(id);
    const kept = this.#apps.get(id);
    if (kept === undefined)
      for (const stream of STREAMS) rmSync(this.#files.pipe(id, stream), { force: true });
    else kept.removed = true;
    return kept === undefined ? 'Removed' : READS_ON;
  }

  /** Nobody can write to a FIFO any more. */
  #closed(id: string, kept: Kept, fifo: Fifo): void {
    kept.fifos.delete(fifo);
    if (kept.fifos.size === 0) this.#ended(id, kept);
  }

  #ended(id: string, kept: Kept): void {
    if (this.#apps.get(id) === kept) this.#apps.delete(id);
    if (kept.removed === true) this.#remove(id);
    this.#owing.set(id, kept.log);
    this.#settle();
    this.#feed.forget(id);
    this.#endIfDone();
  }

  /** Tells each log of what it lacks. Those of ended apps are closed, and kept until it is in them. */
  #settle(): void {
    for (const { log } of this.#apps.values()) log.settle();
    for (const [id, log] of this.#owing) {
      log.settle();
      log.close();
      if (log.owes) continue;
      this.#owing.delete(id);
      // The app was removed meanwhile.
      if (!STREAMS.some((stream) => existsSync(this.#files.pipe(id, stream)))) log.forget();
    }
  }

  #endIfDone(): void {
    if (this.#daemon !== undefined || this.#watch.expects || this.#apps.size > 0) return;
    this.#compressor.done().then(
      () => {
        if (this.#daemon === undefined && !this.#watch.expects && this.#apps.size === 0) this.#onDone();
      },
      () => this.#onDone(),
    );
  }

  #fault(message: string): void {
    logLine(this.#files.daemonLog, 'warn', message);
  }
}
