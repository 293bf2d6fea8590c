// The codes of errors from a handler, or from the daemon, to the client's caller.
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { frame, RawClient } from '../support/raw-client.js';

async function connected(path: string): Promise<IpcClient> {
  const client = await IpcClient.connect(path);
  onTestFinished(() => client.close());
  return client;
}

describe.each(['thread', 'process', 'none'] as const)('isolation %s', (isolation) => {
  test('what a handler throws reaches the caller with its code', async () => {
    const { path } = await testDaemon({ workers: { isolation, commandTimeout: 300 } });
    const client = await connected(path);
    const thrown = (kind: string, code?: unknown) =>
      client.request(act('throwWithCode', { kind, code, text: 'no such customer' }));
    const told = { message: 'no such customer', code: 'NO_SUCH_CUSTOMER' };
    for (const kind of ['IpcError', 'Error', 'plain object'])
      await expect(thrown(kind, 'NO_SUCH_CUSTOMER')).rejects.toMatchObject(told);
    await expect(thrown('Error', 42)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    await expect(thrown('Error')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    await expect(client.request(act('sleep', { ms: 60_000 }))).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
    });
    await expect(client.request({ Delete: { name: 'x' } })).rejects.toMatchObject({
      code: 'COMMAND_UNKNOWN',
    });
    await expect(client.request(act('nothing'))).rejects.toMatchObject({ code: 'REPLY_INVALID' });
  });

  test('an Error on the wire has a code, whatever part of the daemon writes it', async () => {
    const { path } = await testDaemon({
      workers: { isolation },
      connections: { max: 2, maxMessageSize: 1024 },
    });
    const client = await RawClient.connect(path);
    const coded = (code: string) => ({ Error: { code, message: expect.any(String) as string } });
    client.write(frame('{'));
    expect(await client.next()).toEqual(coded('MESSAGE_INVALID'));
    for (const [action, code] of [
      ['throw', 'COMMAND_FAILED'],
      ['throwNull', 'COMMAND_FAILED'],
      ['nothing', 'REPLY_INVALID'],
    ] as const)
      expect(await client.request(act(action, { text: 'no' }))).toEqual(coded(code));
    expect(await client.request({ Delete: { name: 'x' } })).toEqual(coded('COMMAND_UNKNOWN'));
    if (isolation !== 'none')
      expect(await client.request(act('exit'))).toEqual(coded('COMMAND_OUTCOME_UNKNOWN'));
    client.write(frame('x'.repeat(1025)));
    expect(await client.next()).toEqual(coded('FRAME_TOO_LARGE'));
    const others = [await RawClient.connect(path), await RawClient.connect(path)];
    expect(await others[1]?.next()).toEqual(coded('TOO_MANY_CONNECTIONS'));
  });
});
