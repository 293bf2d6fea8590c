// Refuses connections: a client is told why and has the time to read it, whatever it sends meanwhile.
import type { Socket } from 'node:net';
import type { Clock } from './clock.js';
import type { IpcError } from './protocol/errors.js';
import { errorFrame } from './protocol/responses.js';

/**
 * The number of refused clients that may be sent an Error at once; further ones are closed without it. Each holds a
 * descriptor of those that `connections.max` leaves to the daemon, whose handlers need them.
 */
export const MAX_REFUSALS = 16;
/** The time, in ms, that a refused client has to read its Error. */
const REFUSAL_TIME = 1000;

export class Refusals {
  readonly #clock: Clock;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Refused clients that still have time to read why. */
  get count(): number {
    return this.#count;
  }

  /** What the client sends is read and thrown away: cut off from its request, it would see that before the reason. */
  refuse(socket: Socket, why: IpcError): void {
    socket.on('error', () => undefined);
    if (this.#count >= MAX_REFUSALS) {
      socket.destroy();
      return;
    }
    this.#count += 1;
    socket.once('close', () => {
      this.#count -= 1;
    });
    socket.end(errorFrame(why));
    socket.resume();
    this.#clock.after(REFUSAL_TIME, () => socket.destroy());
  }
}
