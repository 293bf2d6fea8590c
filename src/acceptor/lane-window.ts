// The commands of one pipeline that are in a lane: how many may be there at once, and taking them back.
import type { Lane, Lanes } from '../ports.js';
import type { Command } from './command.js';

/** Commands a pipeline may have in its lane while others do not need the lane's capacity. */
const WINDOW = 1024;
/** Request bytes it may have there, unless its first command alone is larger; the lane keeps them until their turn. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Commands stay with one lane while any of them is in flight; then the next ones go to the least loaded lane.
 */
export class LaneWindow {
  #inFlight: Command[] = [];
  #lane: Lane | undefined;
  /** The lanes that its lane is one of. */
  #lanes: Lanes | undefined;
  #bytes = 0;
  /** It is one when others need the capacity, and doubles with each answer. */
  #size = WINDOW;

  get length(): number {
    return this.#inFlight.length;
  }

  /** Bytes of the requests in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether another command is within the bounds. One for other lanes is not, until all others are answered. */
  fits(command: Command, lanes: Lanes = command.lanes): boolean {
    const { length } = this.#inFlight;
    if (length === 0) return true;
    const bytes = this.#bytes + command.payload.byteLength;
    return length < this.#size && bytes <= WINDOW_BYTES && this.#lanes === lanes;
  }

  /** Gives a command to the lane; false when it does not fit or no lane takes it. */
  give(command: Command): boolean {
    const { lanes } = command;
    if (!this.fits(command, lanes)) return false;
    const lane = this.#lane ?? lanes.pick();
    if (!lane?.offer(command)) return false;
    this.#lane = lane;
    this.#lanes = lanes;
    this.#inFlight.push(command);
    this.#bytes += command.payload.byteLength;
    return true;
  }

  /**
   * Takes back all but the first `keep` commands, as far as the lane has not begun them; they are returned in order.
   * It goes from the last to the first: the lane begins them in order, so whatever is behind a begun command has
   * been taken back already, and nothing overtakes.
   */
  takeBack(keep: number): Command[] {
    let at = this.#inFlight.length;
    for (; at > keep; at -= 1) {
      const command = this.#inFlight[at - 1] as Command;
      if (!this.#lane?.recall(command)) break;
      this.#bytes -= command.payload.byteLength;
    }
    const back = this.#inFlight.splice(at);
    this.#freeLane();
    return back;
  }

  /** The lane is done with a command; false when it was not in flight. */
  remove(command: Command): boolean {
    // Almost always the first one, since the lane answers in order.
    const at = this.#inFlight.indexOf(command);
    if (at === -1) return false;
    if (at === 0) this.#inFlight.shift();
    else this.#inFlight.splice(at, 1);
    this.#bytes -= command.payload.byteLength;
    this.#size = Math.min(WINDOW, this.#size * 2);
    this.#freeLane();
    return true;
  }

  /** Only one command may be in flight until answers come. */
  narrow(): void {
    this.#size = 1;
  }

  #freeLane(): void {
    if (this.#inFlight.length === 0) this.#lane = undefined;
  }
}
