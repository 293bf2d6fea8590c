// The original's transport: one server, connections that receive and send, a client that sends and receives.
import { createServer } from 'node:net';
import { IpcClient, IpcConnection, type IpcMessage, IpcServer } from 'bunctl-ipc';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownEndpoint } from '../support/daemon.js';
import { frame, RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const LIMIT = 10 * 1024 * 1024;
const success = (message: string) => ({ Success: { message } });

async function serve(): Promise<IpcServer> {
  const server = await IpcServer.bind(ownEndpoint());
  onTestFinished(() => server.close());
  return server;
}

async function pair(): Promise<{ server: IpcServer; client: IpcClient; connection: IpcConnection }> {
  const server = await serve();
  const [connection, client] = await Promise.all([server.accept(), IpcClient.connect(server.path)]);
  onTestFinished(async () => {
    connection.setTimeout(100);
    await Promise.all([client.close(), connection.close()]);
  });
  return { server, client, connection };
}

async function raw(): Promise<{ client: RawClient; connection: IpcConnection }> {
  const server = await serve();
  const accepted = server.accept();
  const client = await RawClient.connect(server.path);
  const connection = await accepted;
  onTestFinished(() => void client.socket.destroy());
  return { client, connection };
}

describe('messages', () => {
  test('go in and out', async () => {
    const { client, connection } = await pair();
    await client.send({ Stop: { name: 'api' } });
    expect(await connection.recv()).toEqual({ Stop: { name: 'api' } });
    await connection.send(success('Stopped app api'));
    expect(await client.recv()).toEqual(success('Stopped app api'));
  });

  test('keep their order when they are pipelined, whichever side receives first', async () => {
    const { client, connection } = await pair();
    const received = [connection.recv(), connection.recv(), connection.recv()];
    for (const name of ['a', 'b', 'c']) await client.send({ Stop: { name } });
    expect(await Promise.all(received)).toEqual(['a', 'b', 'c'].map((name) => ({ Stop: { name } })));
    const answers = [client.recv(), client.recv(), client.recv()];
    for (const name of ['a', 'b', 'c']) await connection.send(success(name));
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c'].map(success));
  });

  test('that are malformed reject one recv, and the next one goes on', async () => {
    const { client, connection } = await raw();
    client.write(frame('{"Nonsense":{}}'), frame('"List"'));
    await expect(connection.recv()).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(await connection.recv()).toBe('List');
    await connection.send(success('still here'));
    expect(await client.next()).toEqual(success('still here'));
    client.write(frame('"List"'));
    expect(await connection.recv()).toBe('List');
  });

  test('that JSON would not write as responses are refused before anything is sent', async () => {
    const { client, connection } = await pair();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const refused: unknown[] = [
      { Data: { data: () => 1 } },
      { Data: { data: Symbol('data') } },
      { Data: { data: { toJSON: () => undefined } } },
      { Data: { data: 1n } },
      { Data: { data: cycle } },
      { Event: { event_type: 'e', data: () => 1 } },
      { Event: { event_type: 'a "quoted" type', data: () => 1 } },
      Object.create({ toJSON: () => 5 }, { Data: { value: { data: 1 }, enumerable: true } }),
      { Success: { message: 'x', toJSON: () => ({ message: 5 }) } },
      { Error: { message: 'x', code: 5 } },
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no keys');
          },
        },
      ),
    ];
    for (const response of refused)
      await expect(connection.send(response as never)).rejects.toMatchObject({ code: 'REPLY_INVALID' });
    const fine = [
      { Event: { event_type: 'a "quoted" type', data: null } },
      { Event: { data: { n: 1 }, event_type: 'e' } },
      { Data: { note: 'first', data: [1] } },
      { Error: { code: 'X', message: 'm' } },
    ];
    for (const response of fine) await connection.send(response);
    for (const response of fine) expect(await client.recv()).toEqual(response);
  });

  test('of 10 MiB go through both ways; an extra byte is refused without harm', async () => {
    const { client, connection } = await pair();
    const config = 'x'.repeat(LIMIT - JSON.stringify({ Start: { name: 'a', config: '' } }).length);
    const text = 'y'.repeat(LIMIT - JSON.stringify(success('')).length);
    const received = connection.recv();
    await client.send({ Start: { name: 'a', config } });
    expect(await received).toEqual({ Start: { name: 'a', config } });
    const [, answer] = await Promise.all([connection.send(success(text)), client.recv()]);
    expect(answer).toEqual(success(text));
    const tooLarge = 'exceeds maximum allowed size';
    await expect(client.send({ Start: { name: 'a', config: `${config}x` } })).rejects.toThrow(tooLarge);
    await expect(connection.send(success(`${text}y`))).rejects.toThrow(tooLarge);
    await connection.send(success('fine'));
    expect(await client.recv()).toEqual(success('fine'));
  });

  test('above the limit end receiving on either side', async () => {
    const { client, connection } = await raw();
    client.write(Buffer.from([1, 0, 0xa0, 0]));
    await expect(connection.recv()).rejects.toThrow('exceeds maximum allowed size');
    await expect(connection.recv()).rejects.toThrow('exceeds maximum allowed size');
    await connection.send({ Error: { message: 'too large' } });
    expect(await client.next()).toEqual({ Error: { message: 'too large' } });
  });

  test('are iterated, connection by connection, to their end', async () => {
    const server = await serve();
    const seen: IpcMessage[] = [];
    const serving = (async () => {
      for await (const connection of server) {
        for await (const message of connection) {
          seen.push(message);
          await connection.send(success('ok'));
        }
        await connection.close();
      }
    })();
    for (let n = 0; n < 2; n += 1) {
      const client = await IpcClient.connect(server.path);
      expect(await client.request('List')).toEqual(success('ok'));
      await client.close();
    }
    await server.close();
    await serving;
    expect(seen).toEqual(['List', 'List']);
  });
});

describe('timeouts', () => {
  test('of recv say so and lose nothing', async () => {
    const { client, connection } = await raw();
    connection.setTimeout(20);
    const whole = frame('"List"');
    client.write(whole.subarray(0, 3));
    await expect(connection.recv()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    await expect(connection.recv()).rejects.toThrow('timeout');
    client.write(whole.subarray(3));
    connection.setTimeout(0);
    expect(await connection.recv()).toBe('List');
  });

  test('of 0 wait for ever', async () => {
    const [patient, other] = [await raw(), await raw()];
    patient.connection.setTimeout(0);
    const waiting = patient.connection.recv();
    other.connection.setTimeout(20);
    await expect(other.connection.recv()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    patient.client.write(frame('"List"'));
    expect(await waiting).toBe('List');
  });

  test('of the client’s recv too', async () => {
    const { client, connection } = await pair();
    client.setTimeout(20);
    await client.send('List');
    await expect(client.recv()).rejects.toThrow('timeout');
    await connection.recv();
    client.setTimeout(0);
    await connection.send(success('late'));
    expect(await client.recv()).toEqual(success('late'));
    expect(() => client.setTimeout(-1)).toThrow('milliseconds');
  });

  test.each([0, Infinity])('of %o wait without a limit', async (none) => {
    const { client, connection } = await pair();
    connection.setTimeout(none);
    const received = connection.recv();
    client.setTimeout(20);
    // When it has timed out, one whose timer had overflowed would have before it.
    await expect(client.recv()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    await client.send('List');
    expect(await received).toBe('List');
  });

  test('out of range are refused with a sentence', async () => {
    const { connection } = await pair();
    for (const ms of [-1, NaN, 2 ** 31, '5', null, undefined])
      expect(() => connection.setTimeout(ms as number)).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          message: expect.stringMatching(/^timeout must be a number of milliseconds/) as string,
        }),
      );
  });

  test('of send limit the wait for a client that does not read', async () => {
    const { client, connection } = await raw();
    client.socket.pause();
    connection.setTimeout(50);
    const flood = async () => {
      for (let n = 0; n < 100; n += 1) await connection.send(success('x'.repeat(1_000_000)));
    };
    await expect(flood()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    client.socket.resume();
    connection.setTimeout(30_000);
    await connection.send(success('read at last'));
  });
});

describe('ends', () => {
  test('of the stream reject recv, after what came before', async () => {
    const { client, connection } = await raw();
    client.write(frame('"List"'), frame('"List"'));
    client.socket.end();
    expect(await connection.recv()).toBe('List');
    expect(await connection.recv()).toBe('List');
    await expect(connection.recv()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  test('of the connection come after all queued messages, even if they are more than the system’s buffers hold', async () => {
    const { client, connection } = await raw();
    client.socket.pause();
    const answer = success('x'.repeat(1_000_000));
    await connection.send(answer);
    const closed = connection.close();
    client.socket.resume();
    expect(await client.next()).toEqual(answer);
    expect(await client.next()).toBeUndefined();
    client.socket.end();
    await closed;
  });

  test('of a connection that its client does not read come after the timeout', async () => {
    const { client, connection } = await raw();
    client.socket.pause();
    connection.setTimeout(50);
    const flood = async () => {
      for (;;) await connection.send(success('x'.repeat(1_000_000)));
    };
    await expect(flood()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    await connection.close();
    await until(() => connection.closed, 'it is cut');
    client.socket.resume();
    await until(() => client.ended, 'the client sees its end');
  });

  test('inside a frame are distinguished from other ends', async () => {
    const { client, connection } = await raw();
    client.write(frame('"List"').subarray(0, 6));
    client.socket.end();
    await expect(connection.recv()).rejects.toMatchObject({ code: 'FRAME_TRUNCATED' });
  });

  test('of the connection let the client take the waiting messages, and then say why', async () => {
    const { client, connection } = await pair();
    await client.send('List');
    await connection.recv();
    await connection.send(success('last'));
    await connection.close();
    expect(await client.recv()).toEqual(success('last'));
    await expect(client.recv()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(client.send('List')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(connection.send(success('no'))).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(connection.recv()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  test('of the server reject callers that wait for a connection', async () => {
    const server = await serve();
    const waiting = server.accept();
    const refused = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await server.close();
    await refused;
    await expect(server.accept()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(IpcClient.connect(server.path)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  });

  test('of the server close the connections that were not accepted', async () => {
    const server = await serve();
    const client = await RawClient.connect(server.path);
    const accepted = await server.accept();
    const waiting = await RawClient.connect(server.path);
    await server.close();
    await until(() => waiting.ended, 'the one that waits is closed');
    expect(client.ended).toBe(false);
    client.socket.end();
    await accepted.close();
  });

  test('a connection above the limit of those that may wait to be accepted gets an Error', async () => {
    const server = await serve();
    const clients = [];
    for (let n = 0; n < 513; n += 1) clients.push(await RawClient.connect(server.path));
    expect(await clients[512]?.next()).toEqual({
      Error: {
        message: '512 connections wait to be accepted already; try again later',
        code: 'TOO_MANY_CONNECTIONS',
      },
    });
    expect(await clients[512]?.next()).toBeUndefined();
    // Who sends at once learns the same, and not only that the connection broke.
    const hasty = await IpcClient.connect(server.path);
    await expect(hasty.request('List')).rejects.toMatchObject({ code: 'TOO_MANY_CONNECTIONS' });
    clients[0]?.send('List');
    expect(await (await server.accept()).recv()).toBe('List');
  });

  test('a second server on a live path is refused', async () => {
    const server = await serve();
    await expect(IpcServer.bind(server.path)).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  });
});

test('bind() refuses what is not a path, and what cannot be called', async () => {
  const refused = { code: 'OPTION_INVALID' };
  for (const path of [undefined, null, 5])
    await expect(IpcServer.bind(path as never)).rejects.toMatchObject(refused);
  for (const onFault of [5, null])
    await expect(IpcServer.bind(ownEndpoint(), { onFault } as never)).rejects.toMatchObject(refused);
});

test('messages that are not received stay with the client', async () => {
  const { client, connection } = await raw();
  const payload = frame(JSON.stringify({ Start: { name: 'a', config: 'x'.repeat(1_000_000) } }));
  client.write(frame('"List"'));
  expect(await connection.recv()).toBe('List');
  for (let n = 0; n < 50; n += 1) client.write(payload);
  // The kernel's buffers are full; without a receiver, no more bytes leave.
  let [before, looks] = [-1, 0];
  await until(() => {
    const left = client.socket.writableLength;
    looks = left === before ? looks + 1 : 0;
    before = left;
    return looks === 20;
  }, 'it comes to rest');
  expect(before).toBeGreaterThan(40_000_000);
  for (let n = 0; n < 50; n += 1) expect(await connection.recv()).toHaveProperty('Start');
});

describe('send and recv beside request', () => {
  test('each answer goes to its own request; events come by recv', async () => {
    const { client, connection } = await pair();
    await client.send('List');
    const asked = client.request({ Stop: { name: 'a' } });
    await client.send('Unsubscribe');
    for (let n = 0; n < 3; n += 1) await connection.recv();
    await connection.send(success('one'));
    await connection.send({ Event: { event_type: 'x', data: 1 } });
    await connection.send(success('two'));
    await connection.send(success('three'));
    expect(await asked).toEqual(success('two'));
    expect([await client.recv(), await client.recv(), await client.recv()]).toEqual([
      success('one'),
      { Event: { event_type: 'x', data: 1 } },
      success('three'),
    ]);
  });

  test('unreceived messages are read only up to the bound, and none is lost', async () => {
    const path = ownEndpoint();
    const event = frame(JSON.stringify({ Event: { event_type: 'x', data: 'x'.repeat(1000) } }));
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      for (let n = 0; n < 5000; n += 1) socket.write(event);
      socket.end();
      socket.resume();
      onTestFinished(() => void socket.destroy());
    }).listen(path);
    onTestFinished(() => void server.close());
    const client = await IpcClient.connect(path, { eventBuffer: 10_000 });
    onTestFinished(() => client.close());
    for (let n = 0; n < 5000; n += 1) expect(await client.recv()).toHaveProperty('Event');
    await expect(client.recv()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });
});
