// What the keeper has written, as events: what becomes of one that is refused.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { IpcError, IpcServer } from 'bunctl-ipc';
import { LineEvents } from '#dist/supervisor/decide/output/line-events.js';
import { temporaryDirectory } from '../../../support/daemon.js';
import { orFail } from '../../../support/or-fail.js';
import { until } from '../../../support/until.js';

test('an event that is refused is counted, and the events of all apps go on', async () => {
  const path = join(temporaryDirectory(), 'keeper');
  const server = await IpcServer.bind(path);
  onTestFinished(() => server.close());
  const serve = async (): Promise<void> => {
    for await (const connection of server) {
      await connection.recv();
      await connection.send({ Success: { message: 'Subscribed' } });
      const written = { stream: 'stdout', end: 9, generation: 1, begins: false, gap: false, skipped: 0 };
      for (const [id, text] of [
        ['a', 'one\nrefused\nthree\n'],
        ['b', 'of another app\n'],
      ])
        await connection.send({ Event: { event_type: 'written', data: { id, text, ...written } } });
    }
  };
  serve().catch(orFail);
  const published: unknown[] = [];
  const faults: unknown[] = [];
  let asked = 0;
  const events = new LineEvents({
    keeper: () => Promise.resolve((asked += 1) === 1 ? path : null),
    listened: () => Promise.resolve(true),
    onFault: (error) => faults.push(error),
    publish: ({ data }) => {
      const { app, line } = data as { app: string; line: string };
      if (line === 'refused') return Promise.reject(new IpcError('EVENT_INVALID', 'it is too large'));
      published.push([app, line]);
      return Promise.resolve();
    },
  });
  await events.ready();
  await until(
    () => asked > 1 || published.some((each) => (each as string[])[0] === 'b'),
    'the other app has an event',
  );
  expect(published).toEqual([
    ['a', 'one'],
    ['a', 'three'],
    ['a', '[a line is left out here]'],
    ['b', 'of another app'],
  ]);
  expect(faults).toEqual([expect.objectContaining({ code: 'EVENT_INVALID' })]);
  expect(asked).toBe(1);
});

test('each start asks again whether there is a keeper while there is none, and one that there is then is read', async () => {
  const path = join(temporaryDirectory(), 'keeper');
  const server = await IpcServer.bind(path);
  onTestFinished(() => server.close());
  const asked: unknown[] = [];
  const serve = async (): Promise<void> => {
    for await (const connection of server) {
      asked.push(await connection.recv());
      await connection.send({ Success: { message: 'Subscribed' } });
    }
  };
  serve().catch(orFail);
  let keeper: string | null = null;
  const events = new LineEvents({
    keeper: () => Promise.resolve(keeper),
    listened: () => Promise.resolve(true),
    onFault: () => undefined,
    publish: () => Promise.resolve(),
  });
  await events.ready();
  await events.ready();
  expect(asked).toEqual([]);
  keeper = path;
  await events.ready();
  expect(asked).toHaveLength(1);
  await events.ready();
  expect(asked).toHaveLength(1);
});
