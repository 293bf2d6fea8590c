// The events of one app: published in order, and nothing waits for subscribers.
import type { AppSurroundings } from './app-surroundings.js';

export class AppEvents {
  readonly #id: string;
  readonly #around: Pick<AppSurroundings, 'publish' | 'onFault'>;
  #published: Promise<void> = Promise.resolve();

  constructor(id: string, around: Pick<AppSurroundings, 'publish' | 'onFault'>) {
    this.#id = id;
    this.#around = around;
  }

  /** An event waits at most for room in the broker's window, and the app does not wait for it. */
  publish(eventType: string, data: Readonly<Record<string, unknown>>): void {
    const app = this.#id;
    this.#published = this.#published
      .then(() => this.#around.publish({ eventType, appName: app, data: { app, ...data } }))
      .catch((error: unknown) => this.#around.onFault(`${app}: ${eventType}`, error));
  }
}
