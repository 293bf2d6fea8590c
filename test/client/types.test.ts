// The client's options as a caller with strict types has them: an optional one may be given as undefined.
import { type ConnectOptions, IpcClient, type RequestOptions } from 'bunctl-ipc/client';
import { expect, test } from 'vitest';
import { ALL, Script, success } from './script.js';

test('an option that is undefined is one that is not given', async () => {
  const connecting: ConnectOptions = {
    timeout: undefined,
    retry: undefined,
    requestTimeout: undefined,
    maxMessageSize: undefined,
    eventBuffer: undefined,
    signal: undefined,
  };
  const asking: RequestOptions = { timeout: undefined, signal: undefined };
  const script = new Script();
  await using client = await IpcClient.connect(script.path, connecting);
  const answer = client.request('List', asking);
  const subscription = client.subscribe(ALL, { signal: undefined });
  await script.send(success('List'), success('Subscribed to events'));
  expect(await answer).toEqual(success('List'));
  await subscription.ready;
});
