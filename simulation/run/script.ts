// Plays the steps of a plan: each at its time, each by the actor that it concerns.
import type { Socket } from 'node:net';
import type { IpcClient } from '#dist/client/client.js';
import type { Daemon } from '#dist/running-daemon.js';
import type { Library } from '../build/bundle.js';
import type { Endpoint } from '../build/edges.js';
import type { Checks } from '../check/checks.js';
import type { Plan, Step } from '../plan/plan.js';
import { tellStep } from '../plan/tell.js';
import type { Actor } from '../virtual/actor.js';
import { connectSockets } from '../virtual/socket.js';
import type { World } from '../virtual/world.js';
import { type Client, LibraryClient, RawClient } from './client.js';
import { eventOf } from './handlers.js';
import { Workers } from './workers.js';

type StepOf<K extends Step['step']> = Extract<Step, { step: K }>;
type ClientStep = Extract<Step, { client: number }>;

interface Guest {
  readonly actor: Actor;
  readonly client: Client;
}

export class Script {
  readonly workers = new Workers();
  /** Where the daemon listens, while it does. */
  endpoint: Endpoint | undefined;
  daemon: Daemon | undefined;
  /** What becomes of the next modules that workers load. */
  spoiled: { count: number; readonly how: 'throw' | 'hang' } = { count: 0, how: 'throw' };
  readonly #world: World;
  readonly #checks: Checks;
  readonly #library: Library;
  readonly #plan: Plan;
  readonly #actor: Actor;
  readonly #guests = new Map<number, Guest>();
  #left: number;

  constructor(world: World, checks: Checks, library: Library, plan: Plan) {
    this.#world = world;
    this.#checks = checks;
    this.#library = library;
    this.#plan = plan;
    this.#actor = world.actor('script');
    this.#left = plan.steps.length;
  }

  /** Whether every step was played. */
  get over(): boolean {
    return this.#left === 0;
  }

  begin(): void {
    for (const step of this.#plan.steps) {
      this.#actor.after(this.#world.now + step.at, () => {
        this.#left -= 1;
        this.#world.note(() => `* ${tellStep(step)}`);
        this.#play(step);
      });
    }
  }

  /** The faults stop: nothing is stalled or frozen any more. */
  calm(): void {
    this.workers.calm();
    this.spoiled.count = 0;
    this.#world.longSteps = 0;
    this.#world.main.frozenUntil = 0;
    for (const { client } of this.#guests.values()) {
      client.socket.out.stall(0);
      client.socket.in.stall(0);
    }
  }

  /** Whether the daemon may end a connection because it ends itself, or was not able to start. */
  get #stops(): boolean {
    return this.#checks.closing || (this.daemon === undefined && this.#checks.shaken);
  }

  #play(step: Step): void {
    if ('client' in step) {
      if (step.step === 'connect') this.#connect(step);
      else this.#playFor(step);
      return;
    }
    const { workers } = this;
    switch (step.step) {
      case 'publish':
        this.#world.main.post(() => {
          this.#publish(step).catch((error: unknown) => this.#world.fail(String(error)));
        });
        break;
      case 'killLane':
        workers.lane(step.lane)?.die('the plan kills it');
        break;
      case 'crashLane': {
        const lane = workers.lane(step.lane);
        if (lane) lane.actor.crashIn = step.operations;
        break;
      }
      case 'freezeLane':
        workers.lane(step.lane)?.freeze(step.ms, step.stuck);
        break;
      case 'spoilLoads':
        this.spoiled = { ...step };
        break;
      case 'killService':
        workers.service?.die('the plan kills it');
        break;
      case 'freezeService':
        workers.service?.freeze(step.ms, false);
        break;
      case 'freezeMain':
        this.#world.main.frozenUntil = this.#world.now + step.ms;
        break;
      case 'jump':
        this.#world.now += step.ms;
        break;
      case 'close':
        this.#close(step);
    }
  }

  #playFor(step: Exclude<ClientStep, StepOf<'connect'>>): void {
    const guest = this.#guests.get(step.client);
    if (!guest) return;
    const { actor, client } = guest;
    switch (step.step) {
      case 'request': {
        const request = this.#checks.ledger.add(step.behaviour);
        actor.post(() => client.request(request, step));
        break;
      }
      case 'subscribe':
        actor.post(() => client.subscribe(step));
        break;
      case 'unsubscribe':
        actor.post(() => client.unsubscribe());
        break;
      case 'garbage':
        actor.post(() => client.garbage(step.kind));
        break;
      case 'rest':
        client.conversation.unread = true;
        actor.post(() => client.rest(step.ms));
        break;
      case 'hangUp':
        actor.post(() => client.hangUp(step.how));
        break;
      case 'stall': {
        const { socket, conversation } = client;
        if (step.way === 'up') conversation.slow = true;
        else conversation.unread = true;
        (step.way === 'up' ? socket.out : socket.in).stall(step.ms);
      }
    }
  }

  #connect(step: StepOf<'connect'>): void {
    const { endpoint } = this;
    if (!endpoint || this.#guests.has(step.client)) return;
    const world = this.#world;
    const actor = world.actor(`client ${step.client}`);
    const ends = connectSockets(world, actor, world.main, this.#plan.settings.kernelBytes);
    const conversation = this.#checks.conversation(step.client);
    ends.client.onWrite = (bytes) => conversation.asks(bytes);
    ends.server.onWrite = (bytes) => conversation.says(bytes);
    ends.server.onEnd = () => {
      if (!ends.server.out.broken) conversation.ended(this.#stops);
    };
    ends.server.onDestroyed = () => this.#checks.closed(conversation, this.#stops);
    world.main.post(() => {
      endpoint.onConnection(ends.server as unknown as Socket);
      if (conversation.farewell === undefined && !ends.server.destroyed) this.#checks.accepted(conversation);
    });
    const client =
      step.kind === 'raw'
        ? new RawClient(ends.client, conversation)
        : new LibraryClient(
            world,
            this.#checks.ledger,
            this.#open(step, ends.client),
            ends.client,
            conversation,
          );
    this.#guests.set(step.client, { actor, client });
    this.#checks.clients.push(client);
  }

  #open({ eventBuffer }: StepOf<'connect'>, socket: unknown): IpcClient {
    const { maxMessageSize } = this.#plan.settings;
    const options = { requestTimeout: 0, maxMessageSize, eventBuffer, heartbeatTimeout: 0 };
    return Reflect.construct(this.#library.IpcClient, [socket, 'virtual', options]) as IpcClient;
  }

  async #publish({ count, awaits, event }: StepOf<'publish'>): Promise<void> {
    for (let each = 0; each < count; each += 1) {
      const published = this.daemon?.publish(eventOf(event, this.#checks.nextEvent())).catch(() => undefined);
      if (awaits) await published;
    }
  }

  #close({ grace }: StepOf<'close'>): void {
    const { daemon } = this;
    if (!daemon) return;
    this.#world.main.post(() => {
      this.#checks.closing = true;
      daemon
        .close({ grace })
        .catch((error: unknown) => this.#world.fail(`close() rejected: ${String(error)}`));
    });
  }
}
