// What was decided of one app, as its record says it.
import type { DecidedRecord } from '../../model/app-record.js';
import type { AppState } from '../../model/app-state.js';
import type { AppSurroundings } from './app-surroundings.js';

/** The values that a start may change besides the state. */
export type AppChange = Partial<Omit<DecidedRecord, 'state'>>;

export class Decided {
  readonly #id: string;
  readonly #host: Pick<AppSurroundings['host'], 'save'>;
  #record: DecidedRecord;
  #unsaved: string | undefined;

  constructor(id: string, record: DecidedRecord, host: Pick<AppSurroundings['host'], 'save'>) {
    this.#id = id;
    this.#record = record;
    this.#host = host;
  }

  get record(): DecidedRecord {
    return this.#record;
  }

  change(change: AppChange): void {
    this.#record = { ...this.#record, ...change };
  }

  setState(state: Partial<AppState>): void {
    this.#record = { ...this.#record, state: { ...this.#record.state, ...state } };
  }

  /** Writes it down. The host reports a full disk itself, and tries again. */
  async save(): Promise<void> {
    this.#unsaved = await this.#host.save(this.#id, this.#record).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
  }

  /** Why it is not on disk, if it is not: what could not be written is tried once more. */
  async whyUnsaved(): Promise<string | undefined> {
    if (this.#unsaved !== undefined) await this.save();
    return this.#unsaved;
  }
}
