// A child process with a lane, in place of the class that forks one: a channel each way, and a pipe for claims.
import type { Source } from './actor.js';
import { VirtualWorker } from './worker.js';
import type { World } from './world.js';

/** As of the class that is replaced. */
export interface ProcessHooks {
  onMessage(message: unknown): void;
  onClaims(chunk: Buffer): void;
  onEnd(error: Error): void;
}

/** The child's program: it is given its way to main, and returns what takes main's messages. */
export type Program = (child: VirtualProcess) => (message: unknown) => void;

export class VirtualProcess extends VirtualWorker {
  /** Main reads no memory of a process that does not exist. */
  readonly pid = undefined;
  readonly #hooks: ProcessHooks;
  readonly #toChild: Stream<unknown>;
  readonly #toMain: Stream<unknown>;
  readonly #claims: Stream<Buffer>;
  #takes: ((message: unknown) => void) | undefined;
  #exit: Error | undefined;

  constructor(world: World, program: Program, hooks: ProcessHooks) {
    super(world, `lane in process ${world.actors.length}`);
    this.#hooks = hooks;
    const main = world.main;
    this.#toChild = new Stream(
      (message) => this.#takes?.(message),
      (stream) => this.actor.ready(stream),
    );
    this.#toMain = new Stream(
      (message) => this.#received(() => hooks.onMessage(message)),
      (stream) => main.ready(stream),
    );
    this.#claims = new Stream(
      (chunk) => this.#received(() => hooks.onClaims(chunk)),
      (stream) => main.ready(stream),
    );
    this.actor.post(() => {
      this.#takes = program(this);
      this.#toChild.open();
    });
    this.#toMain.open();
    this.#claims.open();
  }

  /** Main sends a message. */
  send(message: unknown): void {
    if (!this.actor.dead) this.#toChild.push(message);
  }

  /** The child sends a message. */
  sendToMain(message: unknown): void {
    if (this.world.operation()) this.#toMain.push(message);
  }

  /** The child writes a claim. */
  claim(record: Uint8Array): void {
    if (this.world.operation()) this.#claims.push(Buffer.from(record));
  }

  kill(): void {
    this.terminate();
  }

  protected onDead(why: string): void {
    this.#exit = new Error(why);
    this.#drained();
  }

  #received(take: () => void): void {
    take();
    this.#drained();
  }

  /** Main learns of the end when it has read everything that the process had sent. */
  #drained(): void {
    if (!this.#exit || !this.#toMain.empty || !this.#claims.empty) return;
    const exit = this.#exit;
    this.#exit = undefined;
    this.#hooks.onEnd(exit);
  }
}

/** Items in order, each taken in a turn of its own. */
class Stream<T> implements Source {
  readonly #items: T[] = [];
  readonly #onItem: (item: T) => void;
  readonly #wake: (stream: Stream<T>) => void;
  #open = false;

  constructor(onItem: (item: T) => void, wake: (stream: Stream<T>) => void) {
    this.#onItem = onItem;
    this.#wake = wake;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  open(): void {
    this.#open = true;
    if (!this.empty) this.#wake(this);
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#open) this.#wake(this);
  }

  take(): boolean {
    const item = this.#items.shift();
    if (item !== undefined) this.#onItem(item);
    return !this.empty;
  }
}
