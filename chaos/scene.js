// What a fault acts upon: it gives daemons and witnesses, counts, and ends everything that was started.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Library } from './library.js';
import { Manager } from './manager.js';
import { Witness } from './witness.js';

/** A fault is not tried more often than this, however much time there is. */
const MOST_TRIES = 100_000;

export class Scene {
  /** The directory of this fault, which goes with it. */
  home = mkdtempSync(join(tmpdir(), 'bunctl-chaos-'));
  tried = 0;
  lost = [];
  #witnesses = [];
  #endings = [];
  #length;
  #end;

  constructor(seconds) {
    this.#length = seconds * 1000;
    this.#end = performance.now() + this.#length;
  }

  /** Whether there is time for another try. */
  get hasTime() {
    return performance.now() < this.#end;
  }

  /** Tries this often at least, and again while there is time, with a pause, in ms, between tries. */
  async repeat(attempt, { pause = 0, least = 1 } = {}) {
    do {
      this.tried += 1;
      await attempt();
      if (pause > 0) await delay(pause);
    } while (this.tried < least || (this.hasTime && this.tried < MOST_TRIES));
  }

  /** Waits until the time is over. */
  async pass() {
    await delay(Math.max(0, this.#end - performance.now()));
  }

  /** Something that had to be is not. */
  expect(holds, what) {
    if (!holds) this.lost.push(what);
  }

  /** A daemon of the library. Its options are those of `startDaemon`, and `before`, a command line that runs it. */
  async library(options = {}) {
    const library = new Library(join(this.home, `s${this.#endings.length}`), options);
    this.onEnd(() => library.end());
    await library.start();
    return library;
  }

  /** A daemon of `bunctl`. */
  async manager(options = {}) {
    const manager = new Manager(this.home, options);
    this.onEnd(() => manager.end());
    await manager.start();
    return manager;
  }

  /** A witness of a daemon; see {@link Witness} for its options. The time of the fault begins when it has its first answer. */
  async witness(daemon, options = {}) {
    const witness = new Witness(daemon.path, { ...daemon.question, ...options });
    // Only what is asked by the daemon's own question is written down there.
    this.#witnesses.push({ witness, daemon, verified: options.ask === undefined });
    await witness.begun;
    this.#end = performance.now() + this.#length;
    return witness;
  }

  /** Done at the end, the last first. */
  onEnd(action) {
    this.#endings.push(action);
  }

  /** Ends everything; what was seen. */
  async finish() {
    for (const { witness, daemon, verified } of this.#witnesses) {
      await witness.stop();
      this.lost.push(...witness.lost);
      if (verified) this.lost.push(...(daemon.verify?.(witness) ?? []));
      this.expect(witness.answered > 0, 'the witness was never answered');
    }
    return this.#result();
  }

  /** Ends all daemons and removes the directory, whatever fails. */
  async clear() {
    for (const { witness } of this.#witnesses) await witness.stop();
    for (const action of this.#endings.splice(0).reverse())
      await Promise.resolve()
        .then(action)
        .catch((error) => this.lost.push(`the end failed: ${error.message}`));
    rmSync(this.home, { recursive: true, force: true });
  }

  #result() {
    const all = this.#witnesses.map(({ witness }) => witness);
    const sum = (key) => all.reduce((total, witness) => total + witness[key], 0);
    const refused = {};
    for (const witness of all)
      for (const [code, count] of Object.entries(witness.refused))
        refused[code] = (refused[code] ?? 0) + count;
    return {
      tried: this.tried,
      answered: sum('answered'),
      refused,
      cut: sum('cut'),
      worst: Math.max(...all.map(({ worst }) => worst)),
    };
  }
}
