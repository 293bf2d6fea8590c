// What was decided of one app, for those who read and change it: its commands and its inputs come one at a time.
import type { AppConfig } from '../../model/app-config.js';
import type { DecidedRecord } from '../../model/app-record.js';
import type { AppState } from '../../model/app-state.js';
import type { AppSurroundings } from './app-surroundings.js';
import { type AppChange, Decided } from './decided.js';
import { Turns } from './turns.js';

export class RecordedApp {
  protected readonly book: Decided;
  /** Inputs are taken one after the other, each with everything it causes. */
  protected readonly inputs = new Turns();
  readonly #commands = new Turns();
  /** It is gone for good; another app may have its id. Written by the app only. */
  removed = false;

  constructor(
    readonly id: string,
    decided: DecidedRecord,
    host: Pick<AppSurroundings['host'], 'save'>,
  ) {
    this.book = new Decided(id, decided, host);
  }

  get decided(): DecidedRecord {
    return this.book.record;
  }

  get state(): AppState {
    return this.decided.state;
  }

  get config(): AppConfig {
    return this.decided.config;
  }

  /** Runs commands on this app one at a time. */
  command<T>(run: () => Promise<T>): Promise<T> {
    return this.#commands.run(run);
  }

  /** Changes what is written down of it, without a start. */
  async change(change: AppChange): Promise<void> {
    await this.inputs.run(async () => {
      if (this.removed) return;
      this.book.change(change);
      await this.book.save();
    });
  }

  /** Why its state is not on disk, for those who have changed it; undefined if it is. */
  whyUnsaved(): Promise<string | undefined> {
    return this.inputs.run(() => this.book.whyUnsaved());
  }
}
