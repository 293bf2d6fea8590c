// Events that publish() refuses: counted for all threads in one place, and the first one of each thread is logged.
import type { Logger } from 'pino';
import { errorToData, IpcError } from '../../protocol/errors.js';

export class RefusedEvents {
  readonly #count: BigInt64Array;

  /** @param memory Shared by all threads of a daemon. */
  constructor(readonly memory = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.#count = new BigInt64Array(memory);
  }

  /** The number since the daemon's start. */
  get count(): number {
    return Number(Atomics.load(this.#count, 0));
  }

  /** Makes the `onRefused` of one publisher. */
  listener(log: Logger): (error: unknown) => void {
    let told = false;
    return (error) => {
      Atomics.add(this.#count, 0, 1n);
      // A daemon that is closed refuses everything, which is not worth a line.
      if (told || (error instanceof IpcError && error.code === 'PUBLISH_CLOSED')) return;
      told = true;
      const { code, message } = errorToData(error);
      log.warn(
        { code, why: message },
        'publish() refused an event, which is lost: await publish(), and handle its rejection. Further events that ' +
          'are refused here are only counted, in stats().eventsRefused',
      );
    };
  }
}
