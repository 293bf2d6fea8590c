// All apps by their ids. Once it is closed for a shutdown, no app of it is started any more.
import { IpcError } from '../../protocol/errors.js';
import type { DecidedRecord } from '../model/app-record.js';
import type { Addressed } from '../model/messages.js';
import { App } from './app/app.js';
import type { AppSurroundings } from './app/app-surroundings.js';

export class AppRegistry {
  readonly #apps = new Map<string, App>();
  readonly #around: AppSurroundings;
  #closed = false;

  constructor(around: Omit<AppSurroundings, 'onRemoved'>) {
    this.#around = { ...around, onRemoved: (id) => this.#apps.delete(id) };
  }

  get(id: string): App | undefined {
    return this.#apps.get(id);
  }

  add(id: string, decided: DecidedRecord): App {
    const app = new App(id, decided, this.#around);
    if (this.#closed) app.close();
    this.#apps.set(id, app);
    return app;
  }

  /** All apps, sorted by id. */
  all(): App[] {
    return [...this.#apps.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @throws {IpcError} `APP_NOT_FOUND`. */
  known({ name, id }: Addressed): App {
    const app = this.#apps.get(id);
    if (!app) throw new IpcError('APP_NOT_FOUND', `App ${name} not found`);
    return app;
  }

  /**
   * Runs a command on an app when those before it have ended.
   *
   * @throws {IpcError} `APP_NOT_FOUND` also when one of those has deleted it.
   */
  async inTurn<T>(which: Addressed, run: (app: App) => Promise<T>): Promise<T> {
    const app = this.known(which);
    return app.command(() => {
      if (app.removed) throw new IpcError('APP_NOT_FOUND', `App ${which.name} not found`);
      return run(app);
    });
  }

  /** To be called after every wait of a command that starts an app. @throws {IpcError} `SHUTTING_DOWN`. */
  checkOpen(): void {
    if (this.#closed)
      throw new IpcError('SHUTTING_DOWN', 'The daemon is shutting down; try again when it is up');
  }

  /** The daemon shuts down: retries and commands under way start nothing from now on. */
  close(): void {
    this.#closed = true;
    for (const app of this.#apps.values()) app.close();
  }
}
