// The checks: each sends bytes to the daemon and compares what comes with the verdict.
import { frame } from '../test/support/frames.js';
import { Peer } from './peer.js';
import { MAX_MESSAGE_SIZE, type Target } from './target.js';
import { LISTED, compare, judge } from './verdict.js';

const LIST = frame('"List"');

/** A stream of good requests in different shapes, short enough to be cut at every byte. */
export const STREAM = Buffer.concat(
  ['"List"', '{"Status":{"name":"grüße"}}', '', '{"Stop":{"name":"a"}}', '"List"'].map((text) => frame(text)),
);

export class Checks {
  private constructor(
    private readonly target: Target,
    private readonly witness: Peer,
  ) {}

  static async open(target: Target): Promise<Checks> {
    return new Checks(target, await Peer.connect(target.path));
  }

  close(): void {
    this.witness.close();
  }

  /** Each payload gets its answer, in order, and the next good request gets its own, where the stream goes on. */
  async payloads(all: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat([...all.map((payload) => frame(payload)), LIST]);
    const verdict = judge(bytes, MAX_MESSAGE_SIZE);
    const peer = await Peer.connect(this.target.path);
    try {
      peer.write(bytes);
      compare(await (verdict.ends ? peer.rest() : peer.take(verdict.answers.length)), verdict);
    } finally {
      peer.close();
    }
    await this.#witnessed();
  }

  /** A stream of any bytes, sent in pieces and closed at its end: what is whole in it is answered, then it ends. */
  async stream(bytes: Buffer, cuts: readonly number[] = []): Promise<void> {
    const peer = await Peer.connect(this.target.path);
    try {
      let from = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        peer.write(bytes.subarray(from, cut));
        from = Math.max(from, cut);
        // The daemon has met this piece by itself when another client is answered.
        await this.#witnessed();
      }
      peer.write(bytes.subarray(from));
      const verdict = judge(bytes, MAX_MESSAGE_SIZE);
      if (verdict.ends) compare(await peer.rest(), verdict);
      peer.halfClose();
      if (!verdict.ends) compare(await peer.rest(), verdict);
    } finally {
      peer.close();
    }
    await this.#witnessed();
  }

  /** A part of a stream, and then nothing: the client is gone. */
  async cutOff(bytes: Buffer): Promise<void> {
    const peer = await Peer.connect(this.target.path);
    peer.write(bytes);
    peer.close();
    await this.#witnessed();
  }

  /** A client that was there all the time gets the answer to a good request. */
  async #witnessed(): Promise<void> {
    this.target.check();
    this.witness.write(LIST);
    compare(await this.witness.take(1), { answers: [LISTED], ends: false });
  }
}
