// Small bounds in place of the real ones, so that a short run reaches them.
import type { Change } from './change.js';

const bound = (file: string, name: string, real: string, small: string): Change => ({
  file,
  text: `const ${name} = ${real};`,
  replacement: `const ${name} = ${small};`,
});

export const BOUNDS = {
  slots: 6,
  window: 4,
  windowBytes: 1024,
  requestSlack: 1024,
  publishWindow: 1024,
  chunk: 512,
  total: 9 * 1024,
} as const;

export const SMALL_BOUNDS: readonly Change[] = [
  bound('workers/link/claims.js', 'SLOTS', '1024', String(BOUNDS.slots)),
  bound('acceptor/lane-window.js', 'WINDOW', '1024', String(BOUNDS.window)),
  bound('acceptor/lane-window.js', 'WINDOW_BYTES', '256 * 1024', String(BOUNDS.windowBytes)),
  bound('acceptor/request-bounds.js', 'REQUEST_SLACK', '1024 * 1024', String(BOUNDS.requestSlack)),
  bound('refusals.js', 'MAX_REFUSALS', '16', '2'),
  bound('acceptor/acceptor.js', 'TOTAL_BYTES', '256 * 1024 * 1024', String(BOUNDS.total)),
  bound('protocol/events.js', 'CHUNK_BYTES', '32 * 1024', String(BOUNDS.chunk)),
  bound('protocol/frames.js', 'SMALL_PIECE', '4 * 1024', '64'),
  bound('protocol/frames.js', 'SLAB_BYTES', '64 * 1024', '256'),
  bound('writer/response-queue.js', 'SMALL_PIECE', '4 * 1024', '64'),
  bound('writer/response-queue.js', 'SLAB_BYTES', '16 * 1024', '256'),
  bound('writer/response-queue.js', 'SPARE_BYTES', '256 * 1024', '512'),
  bound('workers/run/publisher.js', 'PUBLISH_WINDOW', '1024 * 1024', String(BOUNDS.publishWindow)),
  bound('workers/run/service-client.js', 'MAX_PENDING', '4096', '4'),
  bound('workers/link/batch.js', 'LARGE_BYTES', '64 * 1024', '256'),
  bound('workers/link/outbox.js', 'OUTPUT_WINDOW', '4 * 1024 * 1024', '1024'),
  bound('workers/link/outbox.js', 'LOG_WINDOW', '256 * 1024', '256'),
  bound('workers/link/outbox.js', 'EAGER_BYTES', '128 * 1024', '512'),
  bound('workers/lanes/pool.js', 'IDLE_AFTER', '30_000', '700'),
  bound('workers/lanes/pool.js', 'START_TIMEOUT', '30_000', '2000'),
  bound('workers/lanes/pool.js', 'END_TIMEOUT', '5000', '500'),
  bound('workers/process-tier/process-link.js', 'TELL_BYTES', '512 * 1024', '128'),
  bound('workers/process-tier/process-link.js', 'TELL_LOG', '32 * 1024', '32'),
  bound('client/requests.js', 'MAX_PENDING', '10_000', '12'),
];
