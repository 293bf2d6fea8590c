// A daemon and the clients of one run of the model, with a witness that reads all the time and must lose nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Daemon, startDaemon } from 'bunctl-ipc';
import { act, fixture } from '../support/daemon.js';
import { until } from '../support/until.js';
import { RealClient } from './real-client.js';

const SUBSCRIBE = (app: string | null) =>
  JSON.stringify({ Subscribe: { subscription: { AllEvents: { app_name: app } } } });
/** After more deaths than these in ten seconds, a daemon answers with an `Error` at once: then another one is used. */
const DEATHS_OF_ONE_DAEMON = 4;

/** Daemons, one after the other, on paths in one directory. */
export class Daemons {
  readonly #directory = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  #daemon: Daemon | undefined;
  #count = 0;
  /** Events that clients were told to have lost, in all runs. */
  dropped = 0;

  constructor(readonly isolation: 'thread' | 'process') {}

  async current(): Promise<Daemon> {
    if (this.#daemon && this.#daemon.stats().laneDeaths >= DEATHS_OF_ONE_DAEMON) {
      await this.#daemon.close({ grace: 0 });
      this.#daemon = undefined;
    }
    this.#daemon ??= await startDaemon({
      socketPath: join(this.#directory, `s${(this.#count += 1)}`),
      commands: fixture('commands.js'),
      workers: { isolation: this.isolation, minThreads: 2, maxThreads: 2 },
      connections: { maxInFlight: 8, writeHighWaterMark: 16 * 1024 },
      subscribers: { queueBytes: 64 * 1024, stallGrace: 100, eventHold: 1 },
    });
    return this.#daemon;
  }

  async close(): Promise<void> {
    await this.#daemon?.close({ grace: 0 });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export class World {
  readonly #daemon: Daemon;
  readonly #witness: RealClient;
  readonly #clients = new Map<number, RealClient>();
  #published = 0;
  #said = 0;

  private constructor(
    readonly daemons: Daemons,
    daemon: Daemon,
    witness: RealClient,
  ) {
    this.#daemon = daemon;
    this.#witness = witness;
  }

  static async open(daemons: Daemons): Promise<World> {
    const daemon = await daemons.current();
    const world = new World(daemons, daemon, await RealClient.connect(daemon.socketPath, 'the witness'));
    world.#subscribe(world.#witness, null);
    await world.#witness.answered();
    return world;
  }

  async connect(id: number): Promise<void> {
    this.#clients.set(id, await RealClient.connect(this.#daemon.socketPath, `client ${id}`));
  }

  pipeline(id: number, count: number, bytes: number): void {
    const client = this.#of(id);
    for (let sent = 0; sent < count; sent += 1) {
      const text = `${(this.#said += 1)} ${'x'.repeat(bytes)}`;
      client.model.sends(text);
      client.write(JSON.stringify(act('say', { text })));
    }
  }

  /** A request that is not one: its answer has its place in the order, too. */
  nonsense(id: number): void {
    this.#of(id).model.sends('nonsense', 'MESSAGE_INVALID');
    this.#of(id).write('{"List"');
  }

  async subscribe(id: number, app: string | null): Promise<void> {
    await this.#routed();
    this.#subscribe(this.#of(id), app);
    await this.#of(id).answered();
  }

  async unsubscribe(id: number): Promise<void> {
    await this.#routed();
    this.#of(id).model.sendsUnsubscribe();
    this.#of(id).write('"Unsubscribe"');
    await this.#of(id).answered();
  }

  async publish(app: string, count: number, bytes: number): Promise<void> {
    const padding = 'x'.repeat(bytes);
    for (let sent = 0; sent < count; sent += 1) {
      const n = (this.#published += 1);
      for (const { model } of [this.#witness, ...this.#clients.values()]) model.published(n, app);
      await this.#daemon.publish({ eventType: 'log_line', appName: app, data: { n, padding } });
    }
  }

  stopReading(id: number): void {
    this.#of(id).stopReading();
  }

  resume(id: number): void {
    this.#of(id).resume();
  }

  /** A lane ends itself, with whatever runs in it. The next step may be taken before another lane has its place. */
  async killLane(): Promise<void> {
    for (const { model } of this.#clients.values()) model.laneKilled();
    const killer = await RealClient.connect(this.#daemon.socketPath, 'the killer');
    killer.model.sends('exit', 'COMMAND_OUTCOME_UNKNOWN');
    killer.write(JSON.stringify(act('exit')));
    await killer.answered();
    killer.vanish();
  }

  async halfClose(id: number): Promise<void> {
    await this.#routed();
    await this.#of(id).halfClose();
    this.#clients.delete(id);
  }

  vanish(id: number): void {
    this.#of(id).vanish();
    this.#clients.delete(id);
  }

  check(): void {
    for (const client of [this.#witness, ...this.#clients.values()]) client.check();
  }

  /** Everybody reads: everything that is due comes, and the daemon keeps nothing of them. */
  async settle(): Promise<void> {
    for (const client of this.#clients.values()) client.resume();
    for (const client of [this.#witness, ...this.#clients.values()]) {
      await client.settled();
      this.daemons.dropped += client.model.dropped;
    }
    if (this.#witness.model.dropped > 0) throw new Error('the witness, which reads, has lost events');
    for (const id of [...this.#clients.keys()]) this.vanish(id);
    this.#witness.vanish();
    const kept = (): number[] => {
      const { connections, events } = this.#daemon.stats();
      const { open, receivedBytes, queuedBytes } = connections;
      return [open, receivedBytes, queuedBytes, events.subscribers, events.mailboxBytes];
    };
    await until(() => kept().every((count) => count === 0), 'all is forgotten').catch((error: unknown) => {
      throw new Error(`the daemon keeps ${kept().join(', ')}`, { cause: error });
    });
  }

  /** Ends the connections of a run that has failed. */
  drop(): void {
    for (const client of [this.#witness, ...this.#clients.values()]) client.vanish();
  }

  #subscribe(client: RealClient, app: string | null): void {
    client.model.sendsSubscribe(app);
    client.write(SUBSCRIBE(app));
  }

  /** Everything that was published has met its subscribers, so that the next subscription begins at a known event. */
  async #routed(): Promise<void> {
    // What was published in this turn reaches the mailbox at its end.
    await turn();
    await until(() => this.#daemon.stats().events.mailboxBytes === 0, 'all events are routed');
  }

  #of(id: number): RealClient {
    const client = this.#clients.get(id);
    if (!client) throw new Error(`there is no client ${id}`);
    return client;
  }
}
