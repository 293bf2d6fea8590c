// A connection's loop: nothing that its client does is thrown into it, and when it ends the connection is closed.
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { IpcConnection, type IpcMessage, IpcServer } from 'bunctl-ipc';
import { FrameDecoder } from 'bunctl-ipc/protocol';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ownEndpoint } from '../support/daemon.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const success = (message: string) => ({ Success: { message } });
const refusal = (part: string) => ({
  Error: { message: expect.stringContaining(part) as string, code: expect.any(String) as string },
});

/** A client, and its connection on the server's side. */
async function raw(): Promise<{ client: RawClient; connection: IpcConnection }> {
  const server = await IpcServer.bind(ownEndpoint());
  onTestFinished(() => server.close());
  const accepted = server.accept();
  const client = await RawClient.connect(server.path);
  return { client, connection: await accepted };
}

/** Answers each message; resolves with them when the loop has ended. */
async function serve(connection: IpcConnection): Promise<IpcMessage[]> {
  const seen: IpcMessage[] = [];
  for await (const message of connection) {
    seen.push(message);
    await connection.send(success('ok'));
  }
  return seen;
}

describe('a connection’s loop', () => {
  test.each<[string, Buffer]>([
    ['the client ends it', Buffer.alloc(0)],
    ['the client ends it within a frame', frame('"List"').subarray(0, 6)],
    ['the client ends it within a header', frame('"List"').subarray(0, 2)],
  ])('ends quietly when %s, and the connection is closed', async (_what, rest) => {
    const { client, connection } = await raw();
    const serving = serve(connection);
    client.write(frame('"List"'), rest);
    expect(await client.next()).toEqual(success('ok'));
    client.socket.end();
    expect(await client.rest()).toEqual([]);
    expect(await serving).toEqual(['List']);
    expect(connection.closed).toBe(true);
  });

  test('ends quietly when the client is gone', async () => {
    const { client, connection } = await raw();
    const serving = serve(connection);
    client.send('List');
    await client.next();
    client.socket.destroy();
    expect(await serving).toEqual(['List']);
    expect(connection.closed).toBe(true);
  });

  test('ends quietly when the connection is closed elsewhere', async () => {
    const { client, connection } = await raw();
    const serving = serve(connection);
    const closing = connection.close();
    expect(await client.rest()).toEqual([]);
    client.socket.end();
    expect(await serving).toEqual([]);
    await closing;
  });

  test('answers a malformed message with an Error, in its turn, and goes on', async () => {
    const { client, connection } = await raw();
    const serving = serve(connection);
    client.write(frame('"List"'), frame('{"Nonsense":{}}'), frame('{'), frame(''), frame('"List"'));
    expect(await client.take(5)).toEqual([
      success('ok'),
      refusal('Nonsense'),
      refusal('Invalid message'),
      refusal('Invalid message'),
      success('ok'),
    ]);
    client.socket.end();
    expect(await serving).toEqual(['List', 'List']);
  });

  test('answers a frame over the limit with one Error, and ends', async () => {
    const { client, connection } = await raw();
    const serving = serve(connection);
    client.write(frame('"List"'), Buffer.from([1, 0, 0xa0, 0]), frame('"List"'));
    expect(await client.rest()).toEqual([success('ok'), refusal('exceeds maximum allowed size')]);
    client.socket.end();
    expect(await serving).toEqual(['List']);
    expect(connection.closed).toBe(true);
  });

  test('waits for an idle client past the timeout of recv()', async () => {
    const { client, connection } = await raw();
    connection.setTimeout(20);
    const serving = serve(connection);
    // A recv() that began later is over, so one of the loop's that had a timeout would be.
    await expect(connection.recv()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    client.send('List');
    expect(await client.next()).toEqual(success('ok'));
    client.socket.end();
    expect(await serving).toEqual(['List']);
  });

  test('ends quietly when the client does not read the Errors it is sent', async () => {
    const { client, connection } = await raw();
    connection.setTimeout(50);
    const serving = serve(connection);
    client.socket.pause();
    const malformed = Buffer.concat(Array.from({ length: 50_000 }, () => frame('{"Nonsense":{}}')));
    client.write(malformed);
    expect(await serving).toEqual([]);
    expect(connection.closed).toBe(true);
  });

  test.each<[string, (connection: IpcConnection) => Promise<void>]>([
    [
      'break',
      async (connection) => {
        for await (const _message of connection) break;
      },
    ],
    [
      'an error of its body, which is thrown on',
      async (connection) => {
        const looping = (async () => {
          for await (const _message of connection) throw new Error('mine');
        })();
        await expect(looping).rejects.toThrow('mine');
      },
    ],
  ])('closes the connection when it is left by %s', async (_what, loop) => {
    const { client, connection } = await raw();
    const left = loop(connection);
    client.send('List');
    expect(await client.rest()).toEqual([]);
    client.socket.end();
    await left;
    expect(connection.closed).toBe(true);
  });

  test('ends at once if the client was gone before it was accepted', async () => {
    const path = ownEndpoint();
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    const client = connect(path);
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.destroy();
    client.destroy();
    await once(socket, 'close');
    expect(await serve(new IpcConnection(socket))).toEqual([]);
  });

  describe.each([
    ['return()', (loop: AsyncGenerator) => loop.return(undefined)],
    [
      'throw()',
      (loop: AsyncGenerator) =>
        loop.throw(new Error('mine')).catch((error: unknown) => (error as Error).message),
    ],
  ])('that is left by %s while it waits', (_what, leave) => {
    test('ends at once, though the client keeps its half open', async () => {
      const { client, connection } = await raw();
      const loop = connection[Symbol.asyncIterator]();
      const waiting = [loop.next(), loop.next()];
      expect(await leave(loop)).toEqual(_what === 'throw()' ? 'mine' : { done: true, value: undefined });
      for (const one of waiting) expect(await one).toEqual({ done: true, value: undefined });
      expect(await loop.next()).toEqual({ done: true, value: undefined });
      expect(connection.closed).toBe(true);
      expect(await client.rest()).toEqual([]);
      client.socket.end();
    });

    test('sends first what is queued', async () => {
      const { client, connection } = await raw();
      client.socket.pause();
      const loop = connection[Symbol.asyncIterator]();
      const waiting = loop.next();
      const text = 'x'.repeat(500_000);
      await connection.send(success(text));
      const left = leave(loop);
      client.socket.resume();
      await left;
      expect(await client.rest()).toEqual([success(text)]);
      expect(await waiting).toEqual({ done: true, value: undefined });
      client.socket.end();
    });
  });

  test('that a stream reads is closed when the stream is destroyed', async () => {
    const { client, connection } = await raw();
    const stream = Readable.from(connection);
    stream.on('data', () => undefined);
    client.send('List');
    await once(stream, 'data');
    stream.destroy();
    expect(await client.rest()).toEqual([]);
    client.socket.end();
    await until(() => connection.closed, 'it is closed');
  });

  test('throws a fault that is not the client’s to its reader, and hides it from the client', async () => {
    const { client, connection } = await raw();
    const loop = connection[Symbol.asyncIterator]();
    const waiting = expect(loop.next()).rejects.toThrow('secret');
    const next = vi.spyOn(FrameDecoder.prototype, 'next').mockImplementationOnce(() => {
      throw new TypeError('secret');
    });
    onTestFinished(() => next.mockRestore());
    client.socket.write(frame('"List"'));
    await waiting;
    const answers = await client.rest();
    expect(answers).toMatchObject([{ Error: { code: 'INTERNAL' } }]);
    expect(JSON.stringify(answers)).not.toContain('secret');
  });
});

describe('a server’s loop', () => {
  async function bound(): Promise<IpcServer> {
    const server = await IpcServer.bind(ownEndpoint());
    onTestFinished(() => server.close());
    return server;
  }

  test('that is left while it waits ends at once, and the next loop gets the next connection', async () => {
    const server = await bound();
    const first = server[Symbol.asyncIterator]();
    const waiting = [first.next(), first.next()];
    // The first one is in the queue of those that accept only after this turn.
    await setImmediate();
    expect(await first.return(undefined)).toEqual({ done: true, value: undefined });
    for (const one of waiting) expect(await one).toEqual({ done: true, value: undefined });
    const second = server[Symbol.asyncIterator]();
    const client = await RawClient.connect(server.path);
    const { value } = await second.next();
    client.send('List');
    expect(await value?.recv()).toBe('List');
    await second.return(undefined);
    const third = await RawClient.connect(server.path);
    await expect(server.accept()).resolves.toBeInstanceOf(IpcConnection);
    third.socket.destroy();
  });

  test('ends when the server is closed', async () => {
    const server = await bound();
    const serving = (async () => {
      for await (const _connection of server);
    })();
    const accepted = expect(server.accept()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await server.close();
    await Promise.all([serving, accepted]);
    await expect(server.accept()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  test('that a stream reads ends when the stream is destroyed', async () => {
    const server = await bound();
    const stream = Readable.from(server);
    stream.on('data', () => undefined);
    const closed = once(stream, 'close');
    stream.destroy();
    await closed;
  });
});
