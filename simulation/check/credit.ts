// The credit of every publisher: what it has sent and what came back, which is never more, and in the end as much.
import { BOUNDS } from '../build/small-bounds.js';
import type { Actor } from '../virtual/actor.js';
import type { World } from '../virtual/world.js';

export class Credit {
  readonly #world: World;
  readonly #accounts = new Map<Actor, { sent: number; back: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The current actor's publisher has sent an event. */
  sent(bytes: number): void {
    const account = this.#account();
    account.sent += bytes;
    const outstanding = account.sent - account.back;
    // An event larger than the window goes alone.
    if (outstanding > BOUNDS.publishWindow && outstanding !== bytes)
      this.#world.fail(
        `${this.#world.current.name} has ${outstanding} bytes of events under way, past its window`,
      );
  }

  /** Credit came back to the current actor's publisher. */
  back(bytes: number): void {
    const account = this.#account();
    account.back += bytes;
    if (account.back > account.sent)
      this.#world.fail(
        `${this.#world.current.name} got ${account.back} bytes of credit back for ${account.sent} sent`,
      );
  }

  /** A live publisher whose credit is not whole. */
  get missing(): string | undefined {
    for (const [actor, { sent, back }] of this.#accounts) {
      if (!actor.dead && sent !== back) return `${sent - back} bytes of credit of ${actor.name} are not back`;
    }
    return undefined;
  }

  #account(): { sent: number; back: number } {
    const { current } = this.#world;
    let account = this.#accounts.get(current);
    if (!account) {
      account = { sent: 0, back: 0 };
      this.#accounts.set(current, account);
    }
    return account;
  }
}
