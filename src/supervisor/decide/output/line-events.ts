// Publishes what the keeper has written as `log_line` events: each line once, or counted.
import { setTimeout as sleep } from 'node:timers/promises';
import { IpcClient } from '../../../client/client.js';
import type { Publish } from '../../../define.js';
import { IpcError } from '../../../protocol/errors.js';
import { waitAtMost } from '../../../timeout.js';
import type { Written } from '../../model/keeper-messages.js';
import { WrittenLines } from './written-lines.js';

export interface LineEventsSettings {
  /** Where the keeper listens; null when apps print straight into files. */
  readonly keeper: () => Promise<string | null>;
  readonly publish: Publish;
  /** Whether there are listeners. Without listeners, lines are passed over. */
  readonly listened: () => Promise<boolean>;
  readonly onFault: (error: unknown) => void;
}

/** How long, in ms, a keeper may take to be there again, and is left before the next try. */
const PATIENCE = 10_000;
const PAUSE = 500;
/** How long, in ms, a start waits for a keeper that does not answer. */
const READY_PATIENCE = 5000;

export class LineEvents {
  readonly #settings: LineEventsSettings;
  readonly #apps = new Map<string, WrittenLines>();
  #ready: Promise<void> | undefined;

  constructor(settings: LineEventsSettings) {
    this.#settings = settings;
  }

  /** Resolves when what apps print from now on becomes events, or when the keeper does not answer. Never rejects. */
  ready(): Promise<void> {
    this.#ready ??= waitAtMost(
      this.#connect().catch((error: unknown) => {
        this.#settings.onFault(error);
        this.#again();
      }),
      READY_PATIENCE,
      () => undefined,
    );
    return this.#ready;
  }

  /** The app is gone. */
  forget(id: string): void {
    this.#apps.delete(id);
  }

  async #connect(): Promise<void> {
    const path = await this.#settings.keeper();
    if (path === null) {
      // There may be one later: the next start asks again.
      this.#ready = undefined;
      return;
    }
    const client = await IpcClient.connect(path, { timeout: PATIENCE, retry: 'absent' });
    const written = client.subscribe({ LogEvents: { app_name: null } });
    await written.ready;
    for (const known of this.#apps.values()) known.interrupt();
    this.#follow(written)
      .catch((error: unknown) => this.#settings.onFault(error))
      .finally(() => {
        client.close().catch(() => undefined);
        this.#again();
      });
  }

  /** The keeper has ended; the host starts another one. */
  #again(): void {
    sleep(PAUSE, undefined, { ref: false }).then(
      () => {
        this.#ready = undefined;
        return this.ready();
      },
      () => undefined,
    );
  }

  async #follow(
    events: AsyncIterable<{ readonly event_type: string; readonly data: unknown }>,
  ): Promise<void> {
    for await (const { event_type: type, data } of events) {
      if (type !== 'written') continue;
      const written = data as Written;
      // Asked for each piece, after it was written: what is passed over was there before anybody listened.
      await this.#publish(written, await this.#settings.listened());
    }
  }

  async #publish(written: Written, listened: boolean): Promise<void> {
    const { id } = written;
    const known = this.#apps.get(id) ?? new WrittenLines();
    this.#apps.set(id, known);
    const { lines, skipped } = known.take(written);
    if (!listened) return;
    const publish = (data: object): Promise<void> =>
      this.#settings.publish({ eventType: 'log_line', appName: id, data: { app: id, ...data } });
    const tellSkipped = async (count: number): Promise<void> => {
      const line = `[${count === 1 ? 'a line is' : `${count} lines are`} left out here]`;
      if (count > 0) await publish({ stream: 'stderr', line, skipped: count });
    };
    await tellSkipped(skipped);
    let refused = 0;
    for (const { stream, line, time, continued, end, generation } of lines)
      try {
        const data = { stream, line, end, generation, time, ...(continued ? { continued } : {}) };
        await publish(data);
      } catch (error) {
        // Such as one that is too large. It is not tried again.
        if (!(error instanceof IpcError && error.code === 'EVENT_INVALID')) throw error;
        this.#settings.onFault(error);
        refused += 1;
      }
    await tellSkipped(refused);
  }
}
