// Commands with an isolation of their own: where each runs, and the order of a connection's answers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { act, fixture, isThere, ownEndpoint, temporaryDirectory, testDaemon } from '../../support/daemon.js';
import { frame, RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

const where = fixture('where.js');
const MARKS = { List: 'inline', Status: 'thread', Start: 'process' } as const;

/** Each command answers with the place where it ran. */
const place = (answer: unknown): string => (answer as { Success: { message: string } }).Success.message;

describe('a command with an isolation of its own', () => {
  test('finds the next service when one has died, as the others do', async () => {
    const { path } = await testDaemon({
      commands: fixture('pings.js'),
      service: fixture('service.js'),
      workers: { minThreads: 1, maxThreads: 1, commandTimeout: 60_000, commands: MARKS },
    });
    const client = await RawClient.connect(path);
    const requests = [
      'List',
      { Status: { name: 'a' } },
      { Start: { name: 'a', config: '{}' } },
      { Logs: { name: null, lines: 1 } },
    ];
    for (const request of requests) expect(await client.request(request)).toHaveProperty('Data');
    expect(await client.request({ Stop: { name: 'service' } })).toHaveProperty('Error');
    for (const request of requests)
      await until(async () => 'Data' in ((await client.request(request)) as object), 'it finds the service');
  });

  test.each(['thread', 'process', 'none'] as const)(
    'runs there, and the others where the daemon runs them (%s)',
    async (isolation) => {
      const { path, daemon } = await testDaemon({
        commands: where,
        workers: { isolation, minThreads: 1, maxThreads: 1, commands: MARKS },
      });
      const client = await RawClient.connect(path);
      const usual = { thread: 'thread', process: 'process', none: 'main' }[isolation];
      expect(place(await client.request('List'))).toBe('main');
      expect(place(await client.request({ Status: { name: 'a' } }))).toBe('thread');
      expect(place(await client.request({ Start: { name: 'a', config: '{}' } }))).toBe('process');
      expect(place(await client.request({ Stop: { name: 'a' } }))).toBe(usual);
      const kinds = new Set(daemon.stats().lanes.map((lane) => lane.isolation));
      expect([...kinds].sort()).toEqual(['none', 'process', 'thread']);
    },
  );

  test('is answered in its turn: one connection’s answers are in order, whatever the mix', async () => {
    const { path } = await testDaemon({
      commands: where,
      workers: { minThreads: 1, maxThreads: 1, commands: MARKS },
    });
    const client = await RawClient.connect(path);
    const requests = Array.from({ length: 60 }, (_, n) => {
      const name = String(n);
      return [{ Status: { name } }, { Start: { name, config: '{}' } }, { Stop: { name } }, 'List'][n % 4];
    });
    client.send(...(requests as object[]));
    const expected = requests.map((_, n) => ['thread', 'process', 'thread', 'main'][n % 4]);
    expect((await client.take(60)).map(place)).toEqual(expected);
  });

  test('that waits keeps its own connection’s later commands waiting, and nobody else’s', async () => {
    const go = join(temporaryDirectory(), 'go');
    const { path } = await testDaemon({
      workers: { minThreads: 1, maxThreads: 1, commands: { List: 'inline' } },
    });
    const client = await RawClient.connect(path);
    const other = await RawClient.connect(path);
    client.send(act('waitFor', { file: go }), 'List');
    expect(await other.request('List')).toEqual({ Data: { data: ['a', 'b'] } });
    expect(client.waiting).toBe(0);
    writeFileSync(go, '');
    expect(await client.take(2)).toEqual([
      { Success: { message: 'there it is' } },
      { Data: { data: ['a', 'b'] } },
    ]);
  });

  test('never runs elsewhere, however its name is written', async () => {
    const { path } = await testDaemon({
      commands: where,
      workers: { minThreads: 1, maxThreads: 1, commands: { Start: 'process' } },
    });
    const client = await RawClient.connect(path);
    const args = '{"name":"a","config":"{}"}';
    const refused = {
      Error: { code: 'MESSAGE_INVALID', message: expect.stringContaining('written plainly') as string },
    };
    for (const text of [
      String.raw`{"\u0053tart":${args}}`,
      String.raw`{"Star\u0074":${args}}`,
      `${' '.repeat(100)}{"Start":${args}}`,
    ]) {
      client.write(frame(text));
      expect(await client.next()).toEqual(refused);
    }
    for (const text of [`{"Start":${args}}`, ` \n{ "Start" : ${args} }`]) {
      client.write(frame(text));
      expect(place(await client.next())).toBe('process');
    }
  });

  test('that ends its process costs its own caller the answer; the daemon’s other lanes are not touched', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 1, maxThreads: 1, commands: { Start: 'process' } },
    });
    const client = await RawClient.connect(path);
    client.send(act('signal', { to: 'self', name: 'SIGKILL' }), 'List');
    expect(await client.take(2)).toEqual([
      { Error: { code: 'COMMAND_OUTCOME_UNKNOWN', message: expect.any(String) as string } },
      { Data: { data: ['a', 'b'] } },
    ]);
    await until(() => daemon.stats().lanes.length === 2, 'its lane is replaced');
    expect(daemon.stats().lanes).toMatchObject([
      { isolation: 'thread', id: 1 },
      { isolation: 'process', id: 2 },
    ]);
  });

  test('that comes while the lanes start runs where it belongs', async () => {
    const go = join(temporaryDirectory(), 'go');
    const socketPath = ownEndpoint();
    const starting = testDaemon({
      socketPath,
      commands: new URL(`${where.href}?wait=${encodeURIComponent(go)}`),
      workers: { minThreads: 1, maxThreads: 1, commands: { Start: 'process' } },
    });
    await until(() => isThere(socketPath), 'it listens');
    const client = await RawClient.connect(socketPath);
    client.send({ Start: { name: 'a', config: '{}' } });
    writeFileSync(go, '');
    await starting;
    expect(place(await client.next())).toBe('process');
  });

  test.each([
    [{ commands: { Subscribe: 'inline' } }, 'commands'],
    [{ commands: { List: 'elsewhere' } }, 'workers.commands.List'],
  ])('%j is refused', async (workers, part) => {
    await expect(testDaemon({ workers: workers as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(part) as string,
    });
  });
});
