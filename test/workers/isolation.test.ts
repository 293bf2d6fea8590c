// What a handler may do to itself, and what nobody else notices of it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startDaemon } from 'bunctl-ipc';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { PERIOD } from '#dist/workers/lanes/refill.js';
import {
  act,
  fixture,
  ownEndpoint,
  sharedDaemon,
  temporaryDirectory,
  testDaemon,
} from '../support/daemon.js';
import { appendsAreAtomic, jsonHasAnyDepth } from '../support/platform.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const LIST = { Data: { data: ['a', 'b'] } };
const anError = (part: string) => ({
  Error: { message: expect.stringContaining(part) as string, code: expect.any(String) as string },
});

describe('a handler', () => {
  const shared = (['thread', 'process', 'none'] as const).map((isolation) =>
    sharedDaemon({ workers: { isolation } }),
  );

  test.each<[string, object, string]>([
    ['throw', { text: 'broken on purpose' }, 'broken on purpose'],
    ['throwNull', {}, 'null'],
    ['reject', { text: 'refused' }, 'refused'],
    ['bigint', {}, 'cannot be sent'],
    ['nothing', {}, 'cannot be sent'],
    ['wrongShape', {}, 'message must be a string'],
    ['twoKeys', {}, 'exactly one key'],
    ['cycle', {}, 'cannot be sent'],
    ...(jsonHasAnyDepth ? [] : [['deep', {}, 'cannot be sent'] satisfies [string, object, string]]),
    ['event', {}, 'Event is not an answer'],
    ['noData', {}, 'cannot be sent'],
    ['ownJson', {}, 'cannot be sent'],
    ['getter', {}, 'message must be a string'],
    ['oddMessage', {}, 'without a message'],
    ['oddMessage', { value: { a: 1 } }, 'without a message'],
    ['bomb', {}, 'cannot be shown'],
    ['proxy', {}, 'cannot be shown'],
    ['thenThrows', {}, 'no promise'],
  ])('that does %s gives its caller an Error and has no other effect', async (action, args, part) => {
    for (const { path, daemon } of shared) {
      const client = await RawClient.connect(path);
      client.send(act(action, args), 'List');
      expect(await client.take(2)).toEqual([anError(part), LIST]);
      expect(daemon.stats()).toMatchObject({ laneDeaths: 0 });
    }
  });

  test('may answer with fields of its own, whatever their names', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    client.send(act('numbered'));
    expect(await client.next()).toEqual({ Success: { message: 'a', 7: 'b', more: { x: [] } } });
  });

  test.each(['thread', 'process', 'none'] as const)(
    'that returns a thenable that is not a promise is answered once, and each command gets its own answer (%s)',
    async (isolation) => {
      const { path, daemon } = await testDaemon({ workers: { isolation, commandTimeout: 300 } });
      const client = await RawClient.connect(path);
      client.send(act('thenTwice'), act('thenThrows'), act('say', { text: 'a' }));
      expect(await client.take(3)).toEqual([
        { Success: { message: 'once' } },
        anError('no promise'),
        { Success: { message: 'a' } },
      ]);
      // The deadlines of those before pass while others run, and more come: each in its turn.
      client.send(act('sleep', { ms: 200, text: 'b' }), act('sleep', { ms: 200, text: 'c' }));
      const expected = ['b', 'c'].map((message) => ({ Success: { message } }));
      expect(await client.next()).toEqual(expected[0]);
      for (let n = 0; client.waiting === 0; n += 1) {
        client.send(act('say', { text: String(n) }));
        expected.push({ Success: { message: String(n) } });
        await setTimeout(10);
      }
      expect(await client.take(expected.length - 1)).toEqual(expected.slice(1));
      expect(daemon.stats()).toMatchObject({ laneDeaths: 0 });
    },
  );

  test.each(['thread', 'process', 'none'] as const)(
    'that publishes above every bound without awaiting loses only its own events (%s)',
    async (isolation) => {
      const { path, daemon } = await testDaemon({ workers: { isolation } });
      const client = await RawClient.connect(path);
      client.send(act('flood'), 'List');
      expect(await client.take(2)).toEqual([{ Success: { message: 'flooded' } }, LIST]);
      await until(() => daemon.stats().eventsRefused > 0, 'events are refused');
      expect(daemon.stats()).toMatchObject({ laneDeaths: 0 });
    },
  );

  test.each(['thread', 'process', 'none'] as const)(
    'that does not await publish(): refused events are counted, and reported once in the log (%s)',
    async (isolation) => {
      let log = '';
      const stream = { write: (line: string) => void (log += line) };
      const { path, daemon } = await testDaemon({ workers: { isolation }, log: pino({}, stream) });
      const subscriber = await RawClient.connect(path);
      await subscriber.request({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });
      const client = await RawClient.connect(path);
      await client.request(act('flood'));
      await client.request(act('flood'));
      // Two floods of a hundred: every event is either sent to the subscriber or refused.
      await until(() => subscriber.waiting + daemon.stats().eventsRefused === 200, 'all are sent or counted');
      const { eventsRefused } = daemon.stats();
      expect(eventsRefused).toBeGreaterThan(0);
      const lines = () => log.split('\n').filter((line) => line.includes('refused an event'));
      await until(() => lines().length > 0, 'it is logged');
      expect(lines()).toHaveLength(1);
      expect(lines()[0]).toContain('PUBLISH_OVERRUN');
      await daemon.publish({ eventType: 'x', data: 1n }).catch(() => undefined);
      expect(daemon.stats().eventsRefused).toBe(eventsRefused + 1);
    },
  );

  test.each(['thread', 'process', 'none'] as const)(
    'may copy its context and its set-up argument: all their members are own properties (%s)',
    async (isolation) => {
      const { path } = await testDaemon({
        commands: fixture('copies-context.js'),
        service: fixture('service.js'),
        workers: { isolation },
      });
      const client = await RawClient.connect(path);
      expect(await client.request('List')).toEqual({
        Data: {
          data: {
            setUp: 'function',
            publish: 'function',
            log: 'function',
            aborted: false,
            count: 3,
            user: 'ann',
          },
        },
      });
    },
  );

  test('that returns a lone surrogate sends JSON that any strict reader accepts', async () => {
    const { path } = await testDaemon();
    const client = await RawClient.connect(path);
    expect(await client.request(act('surrogate'))).toEqual({ Success: { message: '\ufffd' } });
  });

  test.each(['exit', 'crash'])(
    'that ends its thread (%s) gives its caller an Error; the lane is replaced',
    async (action) => {
      const { path, daemon } = await testDaemon({ workers: { minThreads: 1, maxThreads: 1 } });
      const client = await RawClient.connect(path);
      client.send(act(action), 'List');
      expect(await client.take(2)).toEqual([anError('outcome of the command is unknown'), LIST]);
      expect(daemon.stats()).toMatchObject({ laneDeaths: 1, lanes: [{ id: 2, state: 'ready' }] });
    },
  );

  test('that spins for ever does not delay other lanes, and its lane is replaced', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 2, maxThreads: 2, unresponsiveAfter: 1500 },
    });
    const spinning = await RawClient.connect(path);
    spinning.send(act('spin'), act('say', { text: 'after' }));
    const others = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(path)));
    await until(
      () => daemon.stats().lanes.some(({ state }) => state === 'late'),
      'its lane is seen to be late',
    );
    for (const other of others) expect(await other.request('List')).toEqual(LIST);
    expect(spinning.waiting).toBe(0);
    expect(await spinning.take(2)).toEqual([anError('did not respond'), { Success: { message: 'after' } }]);
    expect(daemon.stats().laneDeaths).toBe(1);
  });

  test('commands of other clients that wait behind a spinning handler are taken back and run elsewhere', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 1, maxThreads: 2, unresponsiveAfter: 60_000 },
    });
    const spinning = await RawClient.connect(path);
    const behind = await RawClient.connect(path);
    spinning.send(act('spin'));
    behind.send('List');
    // The one lane is busy, so another is added; what the first had not begun goes there.
    expect(await behind.next()).toEqual(LIST);
    expect(daemon.stats().lanes).toMatchObject([{ state: 'late', inFlight: 1 }, { state: 'ready' }]);
  });

  test('that spins past commandTimeout: its client gets an Error then, and its next command runs elsewhere', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 2, maxThreads: 2, unresponsiveAfter: 60_000, commandTimeout: 300 },
    });
    const client = await RawClient.connect(path);
    client.send(act('spin'), 'List');
    expect(await client.take(2)).toEqual([anError('did not finish within 300 ms'), LIST]);
    expect(daemon.stats().laneDeaths).toBe(0);
  });

  test('that spins: its lane gets no other commands, although it has fewer than the others', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 2, maxThreads: 2, unresponsiveAfter: 60_000 },
    });
    (await RawClient.connect(path)).send(act('spin'));
    await until(() => daemon.stats().lanes.some(({ state }) => state === 'late'), 'its lane is late');
    const others = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(path)));
    for (const other of others) other.send(act('sleep', { ms: 30_000 }));
    await until(() => daemon.stats().commands.received === 6, 'all have come');
    const loads = Object.fromEntries(daemon.stats().lanes.map(({ state, inFlight }) => [state, inFlight]));
    expect(loads).toEqual({ late: 1, ready: 5 });
  });

  test('that takes more memory than its lane may have gives its caller an Error; the lane is replaced', async () => {
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 1, maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } },
    });
    const client = await RawClient.connect(path);
    client.send(act('hoard', { megabytes: 400 }), 'List');
    expect(await client.take(2)).toEqual([anError('outcome of the command is unknown'), LIST]);
    expect(daemon.stats()).toMatchObject({ laneDeaths: 1 });
  });

  test('that answers with more bytes than main takes in at once does not stop its lane', async () => {
    const { path } = await testDaemon({ workers: { minThreads: 1, maxThreads: 1 } });
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.connect(path)));
    for (const client of clients) client.send(act('large', { bytes: 5_000_000 }), 'List');
    for (const client of clients) expect((await client.take(2))[1]).toEqual(LIST);
  });

  test('that runs past commandTimeout: its client gets an Error, its signal fires, its late answer is dropped', async () => {
    const file = join(temporaryDirectory(), 'aborted');
    writeFileSync(file, '');
    const { path } = await testDaemon({ workers: { commandTimeout: 50 } });
    const client = await RawClient.connect(path);
    client.send(act('hang', { file }), act('say', { text: 'next' }));
    expect(await client.take(2)).toEqual([
      anError('did not finish within 50 ms'),
      { Success: { message: 'next' } },
    ]);
    await until(() => readFileSync(file, 'utf8') === 'COMMAND_TIMEOUT\n', 'the signal fires with its reason');
    expect(await client.request('List')).toEqual(LIST);
  });

  test('goes on when its client disconnects', async () => {
    const file = join(temporaryDirectory(), 'aborted');
    writeFileSync(file, '');
    const { path } = await testDaemon({ workers: { commandTimeout: 2000 } });
    const client = await RawClient.connect(path);
    const begun = join(temporaryDirectory(), 'begun');
    client.send(act('note', { file: begun, text: 'begun', then: { do: 'hang', file } }));
    await until(() => existsSync(begun), 'the command has begun');
    client.socket.destroy();
    await until(() => readFileSync(file, 'utf8') !== '', 'the signal fires');
    expect(readFileSync(file, 'utf8')).toBe('COMMAND_TIMEOUT\n');
  });

  test('runs with the options, arguments and environment that the threads were given', async () => {
    const { path } = await testDaemon({
      workers: { execArgv: ['--no-warnings'], argv: ['--extra'], env: { ONLY: 'this' } },
    });
    const client = await RawClient.connect(path);
    expect(await client.request(act('process'))).toEqual({
      Data: { data: { execArgv: ['--no-warnings'], last: '--extra', env: { ONLY: 'this' } } },
    });
  });

  test('the deadline counts from a command’s turn, not from its arrival', async () => {
    const { path } = await testDaemon({ workers: { commandTimeout: 400 } });
    const client = await RawClient.connect(path);
    client.send(...Array.from({ length: 5 }, () => act('sleep', { ms: 150 })));
    expect(await client.take(5)).toEqual(Array(5).fill({ Success: { message: 'slept' } }));
  });
});

describe('at most once', () => {
  test.each([0, 1, 2, 3, 5, 9])(
    'a lane killed at command %i of ten: every command is answered and none runs twice',
    async (at) => {
      const file = join(temporaryDirectory(), 'runs');
      writeFileSync(file, '');
      const { path } = await testDaemon({ workers: { minThreads: 2, maxThreads: 2 } });
      const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(path)));
      const answers = await Promise.all(
        clients.map(async (client, c) => {
          client.send(
            ...Array.from({ length: 10 }, (_, n) =>
              act('note', {
                file,
                text: `${c}.${n}`,
                ...(c === 0 && n === at ? { then: { do: 'exit' } } : {}),
              }),
            ),
          );
          return client.take(10);
        }),
      );
      const runs = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      expect(new Set(runs).size).toBe(runs.length);
      for (const [c, frames] of answers.entries()) {
        for (const [n, answer] of frames.entries()) {
          const text = `${c}.${n}`;
          // An answer says that it ran; an Error, that it may have. Nothing is left out and nothing is guessed.
          if ('Success' in (answer as object)) expect(answer).toEqual({ Success: { message: text } });
          else expect(answer).toEqual(anError('unknown'));
          expect(runs).toContain(text);
        }
      }
      expect(answers[0]?.[at]).toEqual(anError('unknown'));
      // In order on each connection.
      for (const c of clients.keys()) {
        const own = runs.filter((run) => run.startsWith(`${c}.`)).map((run) => Number(run.split('.')[1]));
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    },
  );

  test.runIf(appendsAreAtomic)(
    'lanes killed again and again under load: all commands answered, none twice, in order',
    async () => {
      const file = join(temporaryDirectory(), 'runs');
      writeFileSync(file, '');
      const { path, daemon } = await testDaemon({ workers: { minThreads: 2, maxThreads: 2 } });
      const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(path)));
      await Promise.all(
        clients.map(async (client, c) => {
          for (let round = 0; round < 4; round += 1) {
            const texts = Array.from({ length: 40 }, (_, n) => `${c}.${round * 40 + n}`);
            client.send(
              ...texts.map((text, n) =>
                act('note', { file, text, ...(c === 0 && n === 20 ? { then: { do: 'exit' } } : {}) }),
              ),
            );
            await client.take(40);
          }
        }),
      );
      const runs = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs).toHaveLength(6 * 160);
      expect(daemon.stats().laneDeaths).toBeGreaterThanOrEqual(4);
    },
  );

  test('a lane that is late and recovers, again and again: all commands answered, none twice, in order', async () => {
    const directory = temporaryDirectory();
    const runsFile = join(directory, 'runs');
    const { path, daemon } = await testDaemon({
      workers: { minThreads: 2, maxThreads: 2, unresponsiveAfter: 60_000 },
    });
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(path)));
    const isLate = (): boolean => daemon.stats().lanes.some(({ state }) => state === 'late');
    for (let round = 0; round < 3; round += 1) {
      const go = join(directory, `go${round}`);
      const texts = Array.from({ length: 8 }, (_, n) => String(round * 8 + n));
      // The first keeps its lane busy; half of the others' commands, and its own later ones, wait there behind it.
      for (const [c, client] of clients.entries()) {
        if (c === 0) client.send(act('waitFor', { file: go }));
        client.send(...texts.map((text) => act('note', { file: runsFile, text: `${c}.${text}` })));
      }
      await until(isLate, 'its lane is late');
      for (const client of clients.slice(1)) await client.take(texts.length);
      writeFileSync(go, '');
      await clients[0]?.take(1 + texts.length);
      await until(() => !isLate(), 'its lane has recovered');
    }
    const runs = readFileSync(runsFile, 'utf8').split('\n').filter(Boolean);
    const expected = [...clients.keys()].flatMap((c) => Array.from({ length: 24 }, (_, n) => `${c}.${n}`));
    expect(runs.toSorted()).toEqual(expected.toSorted());
    for (const c of clients.keys()) {
      const own = runs.filter((run) => run.startsWith(`${c}.`));
      expect(own).toEqual(expected.filter((run) => run.startsWith(`${c}.`)));
    }
    expect(daemon.stats().laneDeaths).toBe(0);
  });

  test('past the restart intensity the daemon answers Error at once', async ({ skip }) => {
    // Its lanes die as soon as they are ready.
    const dying = `export default {
      kind: 'bunctl-ipc.commands',
      setUp() {
        setTimeout(() => process.exit(1), 20);
        return {};
      },
    };`;
    const { path, daemon } = await testDaemon({
      commands: `data:text/javascript,${encodeURIComponent(dying)}`,
      workers: { minThreads: 1, maxThreads: 1 },
    });
    const client = await RawClient.connect(path);
    const began = performance.now();
    await until(() => daemon.stats().laneDeaths >= 6, 'its lanes die');
    skip(performance.now() - began > PERIOD, 'this machine takes longer than the period for six deaths');
    await until(
      async () => JSON.stringify(await client.request('List')).includes('No worker can take the command'),
      'no lane is started for now',
    );
    expect(daemon.stats().laneDeaths).toBeGreaterThanOrEqual(6);
  });
});

describe('starting', () => {
  test.each([
    ['broken.js', 'this module does not load'],
    ['not-commands.js', 'defineCommands'],
    ['missing.js', 'missing.js'],
  ])(
    'a commands module that is %s is refused with a sentence, and nothing is left behind',
    async (name, part) => {
      const socketPath = ownEndpoint();
      await expect(startDaemon({ socketPath, commands: fixture(name) })).rejects.toMatchObject({
        code: 'LANES_UNAVAILABLE',
        message: expect.stringContaining(part) as string,
      });
      await expect(RawClient.connect(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  test('workerData reaches the commands module', async () => {
    const { path } = await testDaemon({ workerData: { answer: 42 } });
    const client = await RawClient.connect(path);
    expect(await client.request(act('workerData'))).toEqual({ Data: { data: { answer: 42 } } });
  });
});
