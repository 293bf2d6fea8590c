// Events that publish() refuses: counted for all threads in one place, and the first one of each thread is told of.
import type { Tell } from '../../telemetry/diagnostics.js';
import { errorToData, IpcError } from '../../protocol/errors.js';

export class RefusedEvents {
  readonly #count: BigInt64Array;

  readonly #tell: ((count: number) => void) | undefined;
  #untold = 0;

  /**
   * @param memory Shared by all threads of a daemon.
   * @param tell Told once a turn how many more there are.
   */
  constructor(
    readonly memory = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT),
    tell?: (count: number) => void,
  ) {
    this.#count = new BigInt64Array(memory);
    this.#tell = tell;
  }

  /** Counts events that were refused elsewhere. */
  add(count: number): void {
    Atomics.add(this.#count, 0, BigInt(count));
  }

  /** The number since the daemon's start. */
  get count(): number {
    return Number(Atomics.load(this.#count, 0));
  }

  #refused(): void {
    this.add(1);
    if (this.#tell === undefined) return;
    this.#untold += 1;
    if (this.#untold > 1) return;
    setImmediate(() => {
      this.#tell?.(this.#untold);
      this.#untold = 0;
    });
  }

  /** Makes the `onRefused` of one publisher. */
  listener(tell: Tell): (error: unknown) => void {
    let told = false;
    return (error) => {
      this.#refused();
      // A daemon that is closed refuses everything, which is not worth a line.
      if (told || (error instanceof IpcError && error.code === 'PUBLISH_CLOSED')) return;
      told = true;
      const { code, message } = errorToData(error);
      tell('publish.refused', { code, why: message });
    };
  }
}
