// A client's options: what is refused, with which sentence, and what "no timeout" is.
import { createServer } from 'node:net';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownEndpoint } from '../support/daemon.js';
import { ALL, rejection, Script, success } from './script.js';

const NOT_TIMES = [-1, NaN, -Infinity, 2 ** 31, 2 ** 32, 'x', '5', null, {}, true, 5n];
const NOT_SIZES = [0, -5, NaN, 1.5, Infinity, 1e12, 'x', '5', null, {}, 5n];

describe('an option out of its range', () => {
  test.each<[string, readonly unknown[]]>([
    ['timeout', NOT_TIMES],
    ['requestTimeout', NOT_TIMES],
    ['maxMessageSize', NOT_SIZES],
    ['eventBuffer', NOT_SIZES],
    ['retry', ['often', '', null, 1, 'toString']],
  ])('%s is refused with a sentence, before anything is connected', async (name, values) => {
    const path = ownEndpoint();
    for (const value of values) {
      const connecting = IpcClient.connect(path, { [name]: value });
      expect(await rejection(connecting)).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(new RegExp(`^${name} must be `)) as string,
      });
    }
  });

  test('a request’s timeout is refused, and the request is not sent', async () => {
    const script = new Script();
    const client = await script.connect();
    for (const value of NOT_TIMES)
      expect(await rejection(client.request('List', { timeout: value as number }))).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(/^timeout must be /) as string,
      });
    const answer = client.request({ Stop: { name: 'a' } });
    expect(await script.got(1)).toEqual([{ Stop: { name: 'a' } }]);
    await script.send(success('stopped'));
    expect(await answer).toEqual(success('stopped'));
  });

  test.each([null, 'x', {}, 5])(
    'a signal that is none (%j) is refused, and nothing is sent',
    async (value) => {
      const signal = value as never;
      const refused = {
        code: 'OPTION_INVALID',
        message: expect.stringMatching(/^signal must be /) as string,
      };
      expect(await rejection(IpcClient.connect(ownEndpoint(), { signal }))).toMatchObject(refused);
      const script = new Script();
      const client = await script.connect();
      expect(await rejection(client.request('List', { signal }))).toMatchObject(refused);
      expect(() => client.subscribe(ALL, { signal })).toThrow(expect.objectContaining(refused) as Error);
      const answer = client.request({ Stop: { name: 'a' } });
      expect(await script.got(1)).toEqual([{ Stop: { name: 'a' } }]);
      await script.send(success('stopped'));
      expect(await answer).toEqual(success('stopped'));
    },
  );

  test('setTimeout() is refused', async () => {
    const client = await new Script().connect();
    for (const value of [...NOT_TIMES, undefined])
      expect(() => client.setTimeout(value as number)).toThrow('timeout must be a number of milliseconds');
  });
});

describe('an option that does not exist is refused with its name', () => {
  const INVALID = (part: string) => ({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(part) as string,
  });

  test('by connect(), before anything is connected', async () => {
    const path = ownEndpoint();
    const connect = (options: object) => rejection(IpcClient.connect(path, options));
    expect(await connect({ timout: 5 })).toMatchObject(INVALID('did you mean timeout?'));
    expect(await connect({ retries: 5, timeout: 5 })).toMatchObject(
      INVALID('retries is not an option of connect()'),
    );
    expect(await connect(null as never)).toMatchObject(INVALID('as an object'));
    expect(await connect(5000 as never)).toMatchObject(INVALID('as an object; it was given 5000'));
  });

  test('by request(), subscribe() and close(), and nothing is sent', async () => {
    const script = new Script();
    const client = await script.connect();
    const misspelt = { singal: new AbortController().signal } as object;
    expect(await rejection(client.request('List', misspelt))).toMatchObject(INVALID('did you mean signal?'));
    expect(() => client.subscribe(ALL, misspelt)).toThrow('did you mean signal?');
    expect(await rejection(client.close({ grace: 5 } as object))).toMatchObject(INVALID('grace'));
    const answer = client.request({ Stop: { name: 'a' } });
    expect(await script.got(1)).toEqual([{ Stop: { name: 'a' } }]);
    await script.send(success('stopped'));
    expect(await answer).toEqual(success('stopped'));
  });
});

describe.each([0, Infinity])('a timeout of %o means that there is no timeout', (none) => {
  /** A request that has a timeout times out. One whose timer had overflowed would have timed out before it. */
  const timePasses = async (client: IpcClient): Promise<void> => {
    expect(await rejection(client.request('List', { timeout: 20 }))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
    });
  };

  test('for all requests', async () => {
    const script = new Script();
    const client = await script.connect({ requestTimeout: none });
    const answer = client.request('List');
    await timePasses(client);
    await script.send(success('at last'));
    expect(await answer).toEqual(success('at last'));
  });

  test('for one request', async () => {
    const script = new Script();
    const client = await script.connect();
    const answer = client.request('List', { timeout: none });
    await timePasses(client);
    await script.send(success('at last'));
    expect(await answer).toEqual(success('at last'));
  });

  test('for recv()', async () => {
    const script = new Script();
    const client = await script.connect();
    client.setTimeout(none);
    await client.send('List');
    const answer = client.recv();
    await timePasses(client);
    await script.send(success('at last'));
    expect(await answer).toEqual(success('at last'));
  });

  test('for connecting', async () => {
    const path = ownEndpoint();
    const connecting = IpcClient.connect(path, { timeout: none, retry: 'absent' });
    expect(
      await rejection(IpcClient.connect(`${path}-none`, { timeout: 50, retry: 'absent' })),
    ).toMatchObject({ code: 'CONNECT_FAILED' });
    const server = createServer((socket) => void socket.resume()).listen(path);
    onTestFinished(() => void server.close());
    await using client = await connecting;
    expect(client.closed).toBe(false);
  });
});
