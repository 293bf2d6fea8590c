// Everything that must be true in a run: after each step, when all is settled, and after the daemon is closed.
import type { Daemon } from '#dist/running-daemon.js';
import { type Plan, isShaken } from '../plan/plan.js';
import type { Client } from '../run/client.js';
import type { World } from '../virtual/world.js';
import { Bounds } from './bounds.js';
import { Conversation } from './conversation.js';
import { Credit } from './credit.js';
import { EventOrder, type Filter } from './events.js';
import { Ledger } from './ledger.js';
import type { Observer } from './probes.js';

/** What the daemon logs as an error when a thread dies, which the plan may want. Anything else is its own fault. */
const EXPECTED_ERRORS = ['a lane died', 'no lane is started for now', 'the service died'];
const ERROR_LEVEL = 50;

export class Checks implements Observer {
  readonly ledger: Ledger;
  readonly order = new EventOrder();
  readonly clients: Client[] = [];
  /** Conversations by the number of the daemon's connection. */
  readonly #connections = new Map<number, Conversation>();
  readonly #world: World;
  readonly #plan: Plan;
  readonly #bounds: Bounds;
  readonly #credit: Credit;
  /** Publishers until now: main, and every thread. */
  publishers = 1;
  /** The daemon is being closed. */
  closing = false;
  /** Whether threads die or are late in this plan. */
  readonly shaken: boolean;
  #events = 0;
  /** Connections that ended, with requests without an answer and no reason of their own. */
  readonly #unexplained: Conversation[] = [];

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    this.#bounds = new Bounds(world, plan.settings);
    this.#credit = new Credit(world);
    this.ledger = new Ledger(world, plan);
    this.shaken = isShaken(plan);
  }

  /** The conversation of a client that connects. */
  conversation(client: number): Conversation {
    const { maxMessageSize, longSteps, whenFull } = this.#plan.settings;
    const conversation = new Conversation(client, this.#world, this.ledger, this.order, maxMessageSize);
    conversation.maybeCut = whenFull === 'disconnect';
    // On a busy machine every client is slow.
    conversation.slow = conversation.unread = longSteps > 0;
    return conversation;
  }

  /** The daemon has accepted a connection, and gives it the next number. */
  accepted(conversation: Conversation): void {
    conversation.accepted = true;
    this.#connections.set(this.#connections.size + 1, conversation);
  }

  /** The daemon has closed a connection; `stops`: because it stops itself, or was not able to start. */
  closed(conversation: Conversation, stops: boolean): void {
    if (!conversation.closed(stops)) this.#unexplained.push(conversation);
  }

  nextEvent(): number {
    this.#events += 1;
    return this.#events;
  }

  /** After each step: the bounds that the statistics show. */
  afterStep(daemon: Daemon | undefined): void {
    const [first] = this.#unexplained;
    if (first) this.#explain(first, daemon?.stats().connections.evicted ?? 0);
    const { current, main } = this.#world;
    if (daemon && current === main && main.turns % 8 === 0)
      this.#bounds.check(daemon.stats(), this.publishers);
  }

  /** What is not settled yet; undefined when all is. */
  unsettled(daemon: Daemon | undefined): string | undefined {
    for (const { conversation, socket, waitsFor } of this.clients) {
      if (waitsFor !== undefined) return waitsFor;
      if (conversation.over) continue;
      if (conversation.open > 0)
        return `client ${conversation.client} has ${conversation.open} requests without an answer`;
      if (socket.out.unsent + socket.in.unsent + socket.out.underWay + socket.in.underWay > 0)
        return `bytes of client ${conversation.client} are under way`;
    }
    const stats = daemon?.stats();
    if (stats && stats.connections.queuedBytes > 0) return 'bytes wait to be sent';
    if (stats && stats.events.mailboxBytes > 0) return 'events wait in the mailbox';
    return this.#credit.missing;
  }

  /** When all is settled and nothing is slow: every event was sent or told, and every request has its answer. */
  settled(): void {
    for (const { conversation } of this.clients) {
      const goesOn = !conversation.over && conversation.farewell === undefined;
      if (goesOn) conversation.current?.complete('by the time all was settled');
    }
  }

  /** After the close: nothing is left. */
  afterwards(daemon: Daemon | undefined): void {
    const world = this.#world;
    for (const { conversation, waitsFor } of this.clients) {
      if (waitsFor !== undefined) world.fail(`after the close: ${waitsFor}`);
      if (!conversation.over) world.fail(`after the close: connection ${conversation.client} is open`);
    }
    const { main } = world;
    if (main.waiting > 0) world.fail(`after the close: ${main.waiting} timers of main are set`);
    for (const actor of world.actors) {
      if (/^(lane|service)/.test(actor.name)) world.fail(`after the close: ${actor.name} lives`);
    }
    const ports = [...world.ports].map(({ owner }) => owner.name);
    if (ports.length > 0) world.fail(`after the close: message ports of ${ports.join(', ')} are open`);
    if (world.sockets.size > 0) world.fail(`after the close: ${world.sockets.size} sockets are open`);
    if (world.listeners > 0)
      world.fail(`after the close: ${world.listeners} listeners on stdout and stderr are left`);
    if (daemon) this.#statistics(daemon);
  }

  eventTaken(type: string, app: string | null, payload: string): void {
    const { Event: event } = JSON.parse(payload) as { Event: { data: { n: number } } };
    this.order.take(type, app, event.data.n);
  }

  subscribed(connection: number, filter: Filter, place: number): void {
    this.#world.note(() => `subscription of connection ${connection} from event ${place} on`, place);
    this.#connections.get(connection)?.subscribed(filter, place);
  }

  unsubscribed(connection: number, place: number): void {
    this.#connections.get(connection)?.unsubscribed(place);
  }

  finishing(connection: number): void {
    this.#connections.get(connection)?.finishing(this.order.length);
  }

  submitted(connection: number, commands: number): void {
    this.#bounds.submitted(connection, commands);
  }

  eventSent(bytes: number): void {
    this.#credit.sent(bytes);
  }

  creditBack(bytes: number): void {
    this.#credit.back(bytes);
  }

  /** A line of the daemon's log. */
  logged(line: string): void {
    const { level, $message: message } = JSON.parse(line) as { level: number; $message: string };
    this.#world.note(() => `log: ${message}`);
    if (level >= ERROR_LEVEL && !EXPECTED_ERRORS.includes(message))
      this.#world.fail(`the daemon logged a fault of its own: ${message}`);
  }

  /** A connection may be closed without a word if all of them together hold too much, which is counted. */
  #explain({ client, open }: Conversation, evicted: number): void {
    if (this.#unexplained.length > evicted)
      this.#world.fail(
        `connection ${client} was closed without a reason, with ${open} requests without an answer`,
      );
  }

  #statistics(daemon: Daemon): void {
    const { connections, lanes, events } = daemon.stats();
    const left = {
      'open connections': connections.open,
      'received bytes': connections.receivedBytes,
      'queued bytes': connections.queuedBytes,
      lanes: lanes.filter(({ isolation }) => isolation !== 'none').length,
      'commands in lanes': lanes.reduce((sum, { inFlight }) => sum + inFlight, 0),
      subscribers: events.subscribers,
      'bytes in the mailbox': events.mailboxBytes,
    };
    for (const [what, value] of Object.entries(left))
      if (value !== 0) this.#world.fail(`after the close: ${value} ${what}`);
  }
}
