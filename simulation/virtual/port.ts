// Message ports between actors, with the part of Node's MessagePort that the actors use.
import { EventEmitter } from 'node:events';
import type { Actor } from './actor.js';
import { transferred } from './transfer.js';
import type { World } from './world.js';

interface Message {
  readonly message: unknown;
  readonly transfer: readonly unknown[];
}

/** The end of the messages. */
const CLOSE = Symbol('close');

export class VirtualPort extends EventEmitter {
  readonly #world: World;
  readonly #queue: (Message | typeof CLOSE)[] = [];
  owner: Actor;
  peer!: VirtualPort;
  closed = false;
  #started = false;

  constructor(world: World) {
    super();
    this.#world = world;
    this.owner = world.current;
  }

  override on(event: string, listener: (...args: never[]) => void): this {
    super.on(event, listener as (...args: unknown[]) => void);
    if (event === 'message') this.start();
    return this;
  }

  start(): void {
    this.#started = true;
    this.#wake();
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (!this.#world.operation()) return;
    // As in Node: ports that are transferred through a closed port are closed.
    if (this.closed || this.peer.closed || this.peer.owner.dead) {
      closeAll(transfer);
      return;
    }
    this.peer.#queue.push({ message: transferred(message, transfer), transfer });
    this.peer.#wake();
  }

  /** The oldest message, taken out. */
  receive(): { readonly message: unknown } | undefined {
    const first = this.#queue[0];
    if (first === undefined || first === CLOSE || this.closed) return undefined;
    this.#queue.shift();
    for (const item of first.transfer) if (item instanceof VirtualPort) item.owner = this.owner;
    return { message: first.message };
  }

  close(): void {
    if (this.closed) return;
    this.#end();
    if (!this.peer.closed) {
      this.peer.#queue.push(CLOSE);
      this.peer.#wake();
    }
  }

  take(): boolean {
    if (this.closed) return false;
    if (this.#queue[0] === CLOSE) {
      this.#end();
      return false;
    }
    const received = this.receive();
    if (received) this.emit('message', received.message);
    return this.#takes;
  }

  get #takes(): boolean {
    const [first] = this.#queue;
    return !this.closed && first !== undefined && (this.#started || first === CLOSE);
  }

  #wake(): void {
    if (this.#takes) this.owner.ready(this);
  }

  #end(): void {
    this.closed = true;
    for (const item of this.#queue) if (item !== CLOSE) closeAll(item.transfer);
    this.#queue.length = 0;
    this.#world.ports.delete(this);
    this.owner.post(() => this.emit('close'));
  }
}

function closeAll(transfer: readonly unknown[]): void {
  for (const item of transfer) if (item instanceof VirtualPort) item.close();
}

/** Two ports that are joined. */
export class VirtualChannel {
  readonly port1: VirtualPort;
  readonly port2: VirtualPort;

  constructor(world: World) {
    this.port1 = new VirtualPort(world);
    this.port2 = new VirtualPort(world);
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
    world.ports.add(this.port1);
    world.ports.add(this.port2);
  }
}
