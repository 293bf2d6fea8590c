// The queues in stats(): those of the docs, each with its depth and its bound.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { act, temporaryDirectory, testDaemon } from '../support/daemon.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const MIB = 1024 * 1024;

test('the queues are those of docs/observability.md, with their units', async () => {
  const docs = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'observability.md'), 'utf8');
  const [, section = ''] = docs.split('\n### Queues\n');
  const rows = [...section.matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map((row) => row.slice(1));
  const { daemon } = await testDaemon();
  expect(daemon.stats().queues.map(({ queue, unit }) => [queue, unit])).toEqual(rows);
});

test('the depth of each queue is what waits in it now, and its bound is that of the options', async () => {
  const { daemon, path } = await testDaemon({
    workers: { maxThreads: 1 },
    connections: { maxInFlight: 7, maxMessageSize: MIB, writeHighWaterMark: 9000, max: 2 },
    subscribers: { queueBytes: 64 * 1024, stallGrace: 60_000 },
  });
  const queue = (name: string) => daemon.stats().queues.find((each) => each.queue === name);
  expect(queue('connection-requests')).toEqual({
    queue: 'connection-requests',
    unit: 'bytes',
    depth: 0,
    bound: 2 * MIB,
  });
  expect(queue('connection-responses')?.bound).toBe(9000);
  // Main and one lane.
  expect(queue('mailbox')?.bound).toBe(2 * MIB);

  const client = await RawClient.connect(path);
  const hold = act('hang', { file: join(temporaryDirectory(), 'f') });
  client.send(hold, hold, hold);
  // A part of a frame: its header is read, and 296 bytes of its payload wait for the rest.
  client.write(frame('x'.repeat(500)).subarray(0, 300));
  const request = frame(JSON.stringify(hold)).length - 4;
  await until(() => queue('connection-requests')?.depth === 3 * request + 296, 'all has come in');
  expect(queue('connection-commands')).toMatchObject({ depth: 3, bound: 7 });
  expect(queue('all-requests')).toMatchObject({ depth: 3 * request + 296, bound: 256 * MIB });
  expect(queue('lane-commands')).toMatchObject({ depth: 3, bound: 1024 });

  const stalled = await RawClient.connect(path);
  await stalled.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
  stalled.socket.pause();
  (await RawClient.connect(path)).socket.resume();
  await until(
    () => queue('refusals')?.depth === 1 || daemon.stats().connections.refused === 1,
    'it is refused',
  );
  const data = 'x'.repeat(1000);
  const published = Array.from({ length: 2000 }, () => daemon.publish({ eventType: 'log_line', data }));
  const settled = Promise.allSettled(published);
  // What was being written when the flow began to wait may still go.
  const full = (): boolean => (queue('subscriber-events')?.depth ?? 0) > 32 * 1024;
  await until(() => daemon.stats().events.waiting && full(), 'the flow waits behind a queue that is full');
  expect(queue('subscriber-events')?.bound).toBe(64 * 1024);
  expect(queue('all-writes')?.depth).toBeGreaterThan(32 * 1024);
  expect(queue('mailbox')?.depth).toBe(daemon.stats().events.mailboxBytes);
  expect(queue('mailbox')?.depth).toBeGreaterThan(0);
  expect(queue('main-publisher')?.depth).toBeGreaterThan(0);
  expect(queue('main-publisher')?.bound).toBe(MIB);
  for (const { depth, bound } of daemon.stats().queues) expect(depth).toBeLessThanOrEqual(bound);
  await daemon.close({ grace: 0 });
  await settled;
});
