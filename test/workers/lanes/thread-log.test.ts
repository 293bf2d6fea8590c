// The log lines of a handler look like those of the embedder's own logger.
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { fixture, temporaryDirectory, testDaemon } from '../../support/daemon.js';
import { RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

type Line = Record<string, unknown>;

/** A destination that is not a file. */
function collected(): { stream: DestinationStream; lines: () => Line[]; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  return { stream, lines, text: () => text };
}

/** A file. */
function file(): { stream: DestinationStream; lines: () => Line[]; text: () => string } {
  const path = join(temporaryDirectory(), 'log');
  const stream = pino.destination({ fd: openSync(path, 'a'), sync: true });
  const text = () => readFileSync(path, 'utf8');
  return {
    stream,
    text,
    lines: () =>
      text()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line),
  };
}

/** What the handler's way of logging leaves in the logger's destination, `count` lines. */
async function logged(
  log: Logger,
  to: { lines: () => Line[] },
  way: string,
  count: number,
  options: object = {},
): Promise<Line[]> {
  const { path } = await testDaemon({ commands: fixture('logging.js'), log, ...options });
  const client = await RawClient.connect(path);
  const ofThreads = (): Line[] => to.lines().filter(({ thread }) => thread === 'lane 1');
  expect(await client.request({ Start: { name: way, config: '' } })).toEqual({ Success: { message: way } });
  await until(() => ofThreads().length >= count, `${count} lines`);
  expect(ofThreads()).toHaveLength(count);
  return ofThreads();
}

describe.each([
  ['a file', file],
  ['a stream', collected],
])('to %s', (_what, destination) => {
  test('redaction applies to fields, children and messages', async () => {
    const to = destination();
    const log = pino({ redact: ['password', 'user.token'] }, to.stream);
    const lines = await logged(log, to, 'secret', 4);
    expect(lines).toMatchObject([
      {
        msg: 'in fields',
        password: '[Redacted]',
        user: { token: '[Redacted]', name: 'ann' },
      },
      { msg: 'of a child', password: '[Redacted]' },
      { msg: 'in words: {"password":"[Redacted]","name":"ben"}' },
      { msg: 'a child’s own {"inner":"[Redacted]"}', inner: '[Redacted]', n: 1 },
    ]);
    expect(to.text()).not.toContain('hunter');
  });

  test('custom levels work, also as the current level', async () => {
    const to = destination();
    const log = pino({ customLevels: { foo: 35 }, level: 'foo' }, to.stream) as unknown as Logger;
    expect(await logged(log, to, 'levels', 2)).toMatchObject([
      { level: 35, msg: 'of a level of its own' },
      { level: 50, msg: 'broken', err: { type: 'TypeError', message: 'broken' } },
    ]);
  });

  test('formatters, mixins, keys and prefixes apply', async () => {
    const to = destination();
    const log = pino(
      {
        formatters: {
          level: (label) => ({ severity: label }),
          log: (fields) => ({ ...fields, formatted: true }),
        },
        mixin: () => ({ mixed: true }),
        messageKey: 'message',
        errorKey: 'error',
        nestedKey: 'payload',
        msgPrefix: '[app] ',
        timestamp: () => ',"time":"now"',
        base: { app: 'test' },
      },
      to.stream,
    );
    const { path } = await testDaemon({ commands: fixture('logging.js'), log });
    const client = await RawClient.connect(path);
    await client.request({ Start: { name: 'plain', config: '' } });
    await client.request({ Start: { name: 'levels', config: '' } });
    await until(() => to.lines().some(({ message }) => message === '[app] broken'), 'all of it is logged');
    const ofLane = to.lines().filter(({ thread }) => thread === 'lane 1');
    const payload = { mixed: true, formatted: true };
    expect(ofLane).toMatchObject([
      {
        severity: 'info',
        time: 'now',
        app: 'test',
        message: '[app] a plain word',
        payload: { ...payload, n: 1 },
      },
      { severity: 'warn', message: '[app] 7 words', payload },
      { severity: 'error', message: '[app] broken', payload: { ...payload, error: { type: 'TypeError' } } },
    ]);
  });

  test('hooks and serializers apply', async () => {
    const to = destination();
    const log = pino(
      {
        hooks: { streamWrite: (line) => line.replaceAll('hunter', '******') },
        serializers: { user: ({ name }: { name: string }) => name },
      },
      to.stream,
    );
    const lines = await logged(log, to, 'secret', 4);
    expect(lines[0]).toMatchObject({ user: 'ann' });
    expect(to.text()).not.toContain('hunter');
  });

  test('errors are logged in full, wherever a serializer expects one', async () => {
    const to = destination();
    const log = pino({ serializers: { cause: pino.stdSerializers.err } }, to.stream);
    const stack = expect.stringContaining('logging.js') as string;
    expect(await logged(log, to, 'errors', 3)).toMatchObject([
      { msg: 'first', err: { type: 'RangeError', message: 'first', code: 'E_FIRST', stack } },
      { msg: 'with fields', cause: { type: 'TypeError', message: 'second', stack } },
      { msg: 'of a child', err: { type: 'SyntaxError', message: 'third', stack } },
    ]);
  });

  test('a child has its own bindings and level', async () => {
    const to = destination();
    const log = pino({ base: null }, to.stream).child({ part: 'ipc' }, { level: 'warn' });
    expect(await logged(log, to, 'plain', 1)).toMatchObject([{ level: 40, part: 'ipc', msg: '7 words' }]);
  });

  test('fields keep their names, and odd fields do no harm', async () => {
    const to = destination();
    const lines = await logged(pino(to.stream), to, 'odd', 5);
    expect(lines).toMatchObject([
      { msg: 'odd', big: 1 },
      { msg: '5 and Error: why' },
      { only: 'fields' },
      { msg: 'after null' },
      { msg: 'a field' },
    ]);
  });

  test('only lines that the logger’s level allows are logged, whether levels ascend or descend', async () => {
    const to = destination();
    const log = pino({ level: 'error', levelComparison: 'DESC' }, to.stream);
    const lines = await logged(log, to, 'levels', 2);
    expect(lines).toMatchObject([{ msg: 'too little' }, { msg: 'broken' }]);
  });
});

test('a formatter that throws loses only its own line', async () => {
  const to = collected();
  let fail = false;
  const log = pino(
    {
      formatters: {
        log(fields) {
          if (fail && 'thread' in fields) throw new Error('no such field');
          return fields;
        },
      },
    },
    to.stream,
  );
  const { path } = await testDaemon({ commands: fixture('logging.js'), log });
  const client = await RawClient.connect(path);
  fail = true;
  for (let n = 0; n < 2; n += 1)
    expect(await client.request({ Start: { name: 'plain', config: '' } })).toHaveProperty('Success');
  fail = false;
  await client.request({ Start: { name: 'plain', config: '' } });
  await until(() => to.text().includes('a plain word'), 'it logs again');
});

describe('lines of a turn in which the thread ends', () => {
  test.each([
    ['a file', file],
    ['a stream', collected],
  ])('reach %s', async (_what, destination) => {
    const to = destination();
    const { path } = await testDaemon({ commands: fixture('logging.js'), log: pino(to.stream) });
    const client = await RawClient.connect(path);
    await client.request({ Start: { name: 'last', config: '' } });
    await until(() => to.text().includes('a lane died'), 'the lane has died');
    const ofLane = to.lines().filter(({ thread }) => thread === 'lane 1');
    expect(ofLane.map(({ msg }) => msg)).toEqual(Array.from({ length: 100 }, (_, n) => `line ${n}`));
  });
});

test('with workers.logFd, threads write level, bindings and fields to the descriptor themselves', async () => {
  const path = join(temporaryDirectory(), 'direct');
  const logFd = openSync(path, 'a');
  const to = collected();
  const log = pino(
    { base: { app: 'x' }, customLevels: { foo: 35 }, level: 'foo' },
    to.stream,
  ) as unknown as Logger;
  const daemon = await testDaemon({ commands: fixture('logging.js'), log, workers: { logFd } });
  const client = await RawClient.connect(daemon.path);
  await client.request({ Start: { name: 'levels', config: '' } });
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as Line)).toMatchObject([
    { level: 35, app: 'x', thread: 'lane 1', msg: 'of a level of its own' },
    { level: 50, app: 'x', thread: 'lane 1', msg: 'broken', err: { type: 'TypeError' } },
  ]);
  expect(to.text()).not.toContain('broken');
});
