// The lines that apps print, as events: read from the keeper, or from the files of apps that print straight into them.
import type { Logger } from 'pino';
import type { Publish } from '../../../define.js';
import { LogFollower } from '../../logs/log-follower.js';
import type { stateFiles } from '../../state/paths.js';
import { LineEvents } from './line-events.js';

export interface PrintedLinesSettings {
  readonly files: ReturnType<typeof stateFiles>;
  readonly publish: Publish;
  /** The keeper's socket; null where there is none. */
  readonly keeper: () => Promise<string | null>;
  /** Whether events have subscribers. */
  readonly listened: () => Promise<boolean>;
  readonly log: Logger;
}

export class PrintedLines {
  readonly #follower: LogFollower;
  readonly #lines: LineEvents;

  constructor({ files, publish, keeper, listened, log }: PrintedLinesSettings) {
    this.#follower = new LogFollower(files.logs, files.rawLog, {
      onLine: ({ id, stream, line, end, generation }) =>
        publish({ eventType: 'log_line', appName: id, data: { app: id, stream, line, end, generation } }),
      listened,
      onFault: (err) => log.warn({ err }, 'the log follower has a fault'),
    });
    this.#lines = new LineEvents({
      keeper,
      publish,
      listened,
      onFault: (err) => log.warn({ err }, 'lines of apps do not become events for a moment'),
    });
  }

  /** See `LineEvents.ready`. */
  ready(): Promise<void> {
    return this.#lines.ready();
  }

  follow(...which: Parameters<LogFollower['follow']>): void {
    this.#follower.follow(...which);
  }

  ended(id: string): void {
    this.#follower.ended(id);
  }

  forget(id: string): void {
    this.#follower.forget(id);
    this.#lines.forget(id);
  }

  /** See `LogFollower.generations`. */
  generations(id: string): ReturnType<LogFollower['generations']> {
    return this.#follower.generations(id);
  }
}
