// Collects a turn's events into runs of one type and app, in one buffer of exactly their size.
import type { Buffer } from 'node:buffer';
import { CHUNK_BYTES, type EventRun } from '../../protocol/events.js';
import { HEADER_BYTES } from '../../protocol/frames.js';
import { FrameJoiner } from './frame-joiner.js';

/** An encoded event: its JSON text, the text's size in UTF-8, and the fields that filters compare. */
export interface OutgoingEvent {
  readonly eventType: string;
  readonly appName: string | null;
  readonly text: string;
  readonly size: number;
}

interface OpenRun {
  readonly eventType: string;
  readonly appName: string | null;
  count: number;
  bytes: number;
}

/** A turn's events as they cross between threads: their frames, and the runs that these form. */
export interface PackedEvents {
  readonly buffer: ArrayBuffer;
  readonly runs: readonly Readonly<OpenRun>[];
}

export class EventPacker {
  readonly #frames = new FrameJoiner();
  #runs: OpenRun[] = [];

  /** Bytes of the events collected. */
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

  /** Returns the events, or undefined without events, and empties the packer. */
  pack(): PackedEvents | undefined {
    if (this.#runs.length === 0) return undefined;
    const joined: Buffer = this.#frames.join();
    const packed = { buffer: joined.buffer as ArrayBuffer, runs: this.#runs };
    this.#runs = [];
    return packed;
  }
}

/** Returns the runs of packed events; their bytes are views of the one buffer. */
export function unpackEvents({ buffer, runs }: PackedEvents): EventRun[] {
  let offset = 0;
  return runs.map(({ eventType, appName, count, bytes }) => {
    const run = { eventType, appName, count, bytes: new Uint8Array(buffer, offset, bytes) };
    offset += bytes;
    return run;
  });
}
