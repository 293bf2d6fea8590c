// Collects a turn's events into runs of one type and app, in one buffer of exactly their size.
import type { Buffer } from 'node:buffer';
import { CHUNK_BYTES, type EventRun } from '../../protocol/events.js';
import { HEADER_BYTES } from '../../protocol/frames.js';
import { FrameJoiner } from './batch.js';
import type { OutgoingEvent } from '../run/publisher.js';

interface OpenRun {
  readonly eventType: string;
  readonly appName: string | null;
  count: number;
  bytes: number;
}

/** A turn's events as they cross a thread: their bytes once, and the runs they make. */
export interface PackedEvents {
  readonly buffer: ArrayBuffer;
  readonly runs: readonly Readonly<OpenRun>[];
}

export class EventPacker {
  readonly #frames = new FrameJoiner();
  #runs: OpenRun[] = [];

  get bytes(): number {
    return this.#frames.bytes;
  }

  add({ eventType, appName, text, size }: OutgoingEvent): void {
    const bytes = HEADER_BYTES + size;
    const last = this.#runs.at(-1);
    if (last?.eventType === eventType && last.appName === appName && last.bytes + bytes <= CHUNK_BYTES) {
      last.count += 1;
      last.bytes += bytes;
    } else {
      this.#runs.push({ eventType, appName, count: 1, bytes });
    }
    this.#frames.add(text, size);
  }

  /** The events, or undefined without any; empties the packer. */
  pack(): PackedEvents | undefined {
    if (this.#runs.length === 0) return undefined;
    const joined: Buffer = this.#frames.join();
    const packed = { buffer: joined.buffer as ArrayBuffer, runs: this.#runs };
    this.#runs = [];
    return packed;
  }
}

/** The runs of packed events, their bytes views of the one buffer. */
export function unpackEvents({ buffer, runs }: PackedEvents): EventRun[] {
  let offset = 0;
  return runs.map(({ eventType, appName, count, bytes }) => {
    const run = { eventType, appName, count, bytes: new Uint8Array(buffer, offset, bytes) };
    offset += bytes;
    return run;
  });
}
