// A batch of commands on its way to a lane: small payloads in one buffer, large ones in shared memory beside it.
import { Buffer } from 'node:buffer';
import { readRows, rowsBytes, writeRows } from './rows.js';

/** Payloads larger than this, in bytes, lie in shared memory of their own and are not copied into the batch. */
const LARGE_BYTES = 64 * 1024;

/** A command as it goes to a lane. */
export interface BatchEntry {
  readonly slot: number;
  readonly sequence: number;
  readonly connectionId: number;
  readonly payload: Uint8Array;
}

/** A buffer of exactly the size it needs, and the large payloads beside it. */
export interface Batch {
  readonly buffer: ArrayBuffer;
  readonly large: SharedArrayBuffer[];
}

/**
 * A one-way message from main to a lane, on the port of the Comlink calls, so that it keeps its place among them. It is
 * not a call: a call is answered with a message, and shared memory tells main more cheaply that a batch was taken in.
 * A batch without large payloads travels as the bare buffer.
 */
export type BatchMessage = ArrayBuffer | { readonly batch: Batch };

/** The batch in a message on the calls' port; undefined for a call. */
export function batchOf(message: BatchMessage | { readonly batch?: undefined }): Batch | undefined {
  return message instanceof ArrayBuffer ? { buffer: message, large: [] } : message.batch;
}

/** Packs commands for one message. */
export function packBatch(entries: readonly BatchEntry[]): Batch {
  const rows: number[] = [];
  const large: SharedArrayBuffer[] = [];
  const start = rowsBytes(entries.length);
  let size = start;
  for (const { slot, sequence, connectionId, payload } of entries) {
    let length = payload.byteLength;
    if (length > LARGE_BYTES) {
      // A negative length is the number of a large payload, counted from 1.
      length = -large.push(shareLarge(payload).buffer as SharedArrayBuffer);
    } else {
      size += length;
    }
    rows.push(slot, sequence, connectionId, length);
  }
  // A buffer that owns its memory alone, so that all of it, and nothing else, can be transferred.
  const bytes = Buffer.allocUnsafeSlow(size);
  const { buffer } = bytes;
  writeRows(buffer, rows);
  let offset = start;
  for (const { payload } of entries) {
    if (payload.byteLength > LARGE_BYTES) continue;
    bytes.set(payload, offset);
    offset += payload.byteLength;
  }
  return { buffer, large };
}

/** Reads a batch; the payloads are views of it. */
export function unpackBatch({ buffer, large }: Batch): BatchEntry[] {
  const entries: BatchEntry[] = [];
  readRows(buffer, (slot, sequence, connectionId, length, offset) => {
    const shared = length < 0 ? large[-length - 1] : undefined;
    const payload = shared ? new Uint8Array(shared) : new Uint8Array(buffer, offset, length);
    entries.push({ slot, sequence, connectionId, payload });
  });
  return entries;
}

/** Moves a large payload into shared memory, so that neither side needs a copy; returns any other as it is. */
export function shareLarge(payload: Uint8Array): Uint8Array {
  if (payload.byteLength <= LARGE_BYTES || payload.buffer instanceof SharedArrayBuffer) return payload;
  const shared = new Uint8Array(new SharedArrayBuffer(payload.byteLength));
  shared.set(payload);
  return shared;
}
