// Raw bytes in, raw bytes out, over a real socket.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { halvesEndAlone } from '../support/platform.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const LIST = { Data: { data: ['a', 'b'] } };
const anError = (part: string) => ({
  Error: { message: expect.stringContaining(part) as string, code: expect.any(String) as string },
});

describe('the wire', () => {
  test('answers the bytes of "List" with the bytes of its Data', async () => {
    const { path } = await testDaemon();
    const socket = connect(path);
    socket.write(Buffer.from('06000000224c69737422', 'hex'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString('latin1')).toBe('\x1b\0\0\0{"Data":{"data":["a","b"]}}');
  });

  test('takes a frame byte by byte, and many frames in one write', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    for (const byte of frame('"List"')) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.next()).toEqual(LIST);
    client.write(...Array.from({ length: 50 }, () => frame('"List"')));
    expect(await client.take(50)).toEqual(Array(50).fill(LIST));
  });

  test.each([
    ['malformed JSON', Buffer.from('{"List'), 'Invalid message'],
    ['a zero length', Buffer.alloc(0), 'empty'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'UTF-8'],
    ['a byte order mark', Buffer.from('\ufeff"List"'), 'Invalid message'],
    ['an unknown variant', Buffer.from('{"Ping":{}}'), 'unknown message "Ping"'],
    ['two keys', Buffer.from('{"Stop":{"name":"a"},"List":null}'), 'exactly one key'],
    ['a misshapen variant', Buffer.from('{"Stop":{"name":5}}'), 'name'],
    ['a command without a handler', Buffer.from('{"Stop":{"name":"a"}}'), 'does not handle Stop'],
  ])('answers %s with an Error and goes on', async (_what, payload, part) => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.write(frame(payload), frame('"List"'));
    expect(await client.take(2)).toEqual([anError(part), LIST]);
  });

  test('accepts the other forms that the original accepts', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send({ List: null }, { Status: {} }, { Status: { name: 'x', more: 1 } }, { Status: [null] });
    const status = (name: string) => ({ Success: { message: `status of ${name}` } });
    expect(await client.take(4)).toEqual([LIST, status('null'), status('x'), status('null')]);
  });

  test('accepts a message of exactly the largest size, and refuses an extra byte with an Error and a close', async () => {
    const { path } = await testDaemon({ connections: { maxMessageSize: 4096 } });
    const client = await RawClient.connect(path);
    const envelope = JSON.stringify(act('size', { padding: '' })).length;
    client.write(frame(JSON.stringify(act('size', { padding: 'x'.repeat(4096 - envelope) }))));
    expect(await client.next()).toEqual({ Success: { message: String(4096 - envelope) } });
    const header = Buffer.alloc(4);
    header.writeUInt32LE(4097);
    client.write(frame('"List"'), header);
    expect(await client.rest()).toEqual([LIST, anError('exceeds maximum allowed size 4096')]);
  });

  test('carries a message of 10 MiB both ways', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('size', { padding: 'x'.repeat(10_000_000) }));
    expect(await client.next()).toEqual({ Success: { message: '10000000' } });
    expect(await client.request(act('large', { bytes: 10_000_000 }))).toEqual({
      Data: { data: 'x'.repeat(10_000_000) },
    });
  });

  test('answers a reply over the limit with an Error and goes on', async () => {
    const { path } = await testDaemon({ connections: { maxMessageSize: 4096 } });
    const client = await RawClient.connect(path);
    client.send(act('large', { bytes: 5000 }), 'List');
    expect(await client.take(2)).toEqual([anError('exceeds maximum allowed size'), LIST]);
  });

  test('ends a connection with an Error if its frame stays incomplete, but not if it is idle between frames', async () => {
    const { path } = await testDaemon({ connections: { frameTimeout: 100 } });
    const silent = await RawClient.connect(path);
    const half = await RawClient.connect(path);
    expect(await half.request('List')).toEqual(LIST);
    half.write(Buffer.from('0600', 'hex'));
    expect(await half.rest()).toEqual([anError('timeout')]);
    expect(await silent.request('List')).toEqual(LIST);
  });

  test.runIf(halvesEndAlone)(
    'a client that sends, half-closes and reads gets all its answers and then the end',
    async () => {
      const { path } = await testDaemon();
      const client = await RawClient.connect(path);
      client.socket.end(
        Buffer.concat([frame(JSON.stringify(act('sleep', { ms: 30 }))), frame('"List"'), Buffer.from([9])]),
      );
      expect(await client.rest()).toEqual([{ Success: { message: 'slept' } }, LIST]);
    },
  );

  test.runIf(halvesEndAlone)('a half-closed subscriber gets its queued events before the end', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.socket.end(
      Buffer.concat([
        frame('{"Subscribe":{"subscription":{"AllEvents":{}}}}'),
        frame(JSON.stringify(act('publish', { app: 'a', count: 20 }))),
      ]),
    );
    const frames = await client.rest();
    expect(frames.filter((one) => 'Event' in (one as object))).toHaveLength(20);
    expect(frames.filter((one) => 'Success' in (one as object))).toHaveLength(2);
  });

  test('a connection past the limit is told so and closed, and a place that becomes free is used again', async () => {
    const { path, daemon } = await testDaemon({ connections: { max: 2 } });
    const [first, second] = [await RawClient.connect(path), await RawClient.connect(path)];
    expect(await second.request('List')).toEqual(LIST);
    const third = await RawClient.connect(path);
    expect(await third.rest()).toEqual([anError('as many connections')]);
    first.socket.destroy();
    await until(() => daemon.stats().connections.open === 1, 'the place is free');
    expect(await (await RawClient.connect(path)).request('List')).toEqual(LIST);
  });

  test('reading stops for a client that does not read its answers; no answer is lost', async () => {
    const { path, daemon } = await testDaemon({
      connections: { maxInFlight: 16, writeHighWaterMark: 64 * 1024 },
    });
    const client = await RawClient.connect(path);
    client.socket.pause();
    const count = 400;
    const numbered = Array.from({ length: count }, (_, n) =>
      act('say', { text: `${n} ${'x'.repeat(20_000)}` }),
    );
    client.send(...numbered);
    const other = await RawClient.connect(path);
    let before = -1;
    await until(async () => {
      await other.request('List');
      const { answered } = daemon.stats().commands;
      const settled = answered === before + 1;
      before = answered;
      return settled;
    }, 'the daemon stops taking commands of the client that does not read');
    const { answered } = daemon.stats().commands;
    expect(answered).toBeLessThan(count);
    // Its bound, what its lane had begun, and one chunk.
    expect(daemon.stats().connections.queuedBytes).toBeLessThan(64 * 1024 + 17 * 21_000 + 64 * 1024);
    client.socket.resume();
    const texts = (await client.take(count)).map(
      (one) => (one as { Success: { message: string } }).Success.message,
    );
    expect(texts.map((text) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
  });

  test('a client that disconnects at any point does not harm other clients', async () => {
    const { path, daemon } = await testDaemon();
    for (let round = 0; round < 20; round += 1) {
      const client = await RawClient.connect(path);
      client.send(
        { Subscribe: { subscription: { AllEvents: {} } } },
        act('publish', { app: 'a', count: 50 }),
        act('sleep', { ms: 5 }),
      );
      client.write(Buffer.from([200, 0]));
      client.socket.destroy();
    }
    const client = await RawClient.connect(path);
    expect(await client.request('List')).toEqual(LIST);
    await until(() => {
      const { connections, events } = daemon.stats();
      const { open, receivedBytes, queuedBytes } = connections;
      return open === 1 && events.subscribers === 0 && receivedBytes === 0 && queuedBytes === 0;
    }, 'all is forgotten');
  });
});
