// Neither the output of a handler nor the state of stdout or stderr ends the daemon or stops others.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { surviveBrokenOutput } from '#dist/workers/thread-tier/output.js';
import { fixture, ownEndpoint } from '../support/daemon.js';
import { fullPipesFail } from '../support/platform.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

type Isolation = 'thread' | 'none';
const LIST = { Data: { data: [] } };
const PRINTED = { Success: { message: 'printed' } };
const start = (name: string, lines = 10) => ({ Start: { name, config: String(lines) } });

test('many daemons of one process share a listener on its output, and the last one takes it away', () => {
  const listeners = (): number[] =>
    [process.stdout, process.stderr].map((stream) => stream.listenerCount('error'));
  const before = listeners();
  const ends = Array.from({ length: 12 }, () => surviveBrokenOutput());
  expect(listeners()).toEqual(before.map((count) => count + 1));
  for (const end of [...ends.slice(1), ...ends.slice(1)]) end();
  expect(listeners()).toEqual(before.map((count) => count + 1));
  ends[0]?.();
  expect(listeners()).toEqual(before);
});

/** A daemon in a process of its own; `stdio` is for its stdout and its stderr. */
async function printingDaemon(stdio: 'pipe' | number, isolation: Isolation = 'thread') {
  const path = ownEndpoint();
  const script = fileURLToPath(fixture('printing-daemon.js'));
  const child: ChildProcess = spawn(process.execPath, [script, path, isolation], {
    stdio: ['pipe', stdio, stdio],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let client!: RawClient;
  await until(async () => {
    expect(child.exitCode).toBe(null);
    return RawClient.connect(path).then(
      (connected) => Boolean((client = connected)),
      () => false,
    );
  }, 'it listens');
  expect(await client.request('List')).toEqual(LIST);
  return { child, client, path };
}

function collect(stream: Readable | null): () => string[] {
  let text = '';
  stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text.split('\n').filter((line) => line.startsWith('line '));
}

describe.each<Isolation>(['thread', 'none'])('with isolation %s', (isolation) => {
  test('whose reader has gone away: the daemon goes on', async () => {
    const { child, client } = await printingDaemon('pipe', isolation);
    const gone = [child.stdout, child.stderr].map(async (stream) => stream && (await once(stream, 'close')));
    child.stdout?.destroy();
    child.stderr?.destroy();
    await Promise.all(gone);
    for (const way of ['log', 'error', 'stdout', 'stderr', 'service', 'log']) {
      for (let n = 0; n < 3; n += 1) expect(await client.request(start(way))).toEqual(PRINTED);
    }
    expect(await client.request('List')).toEqual(LIST);
    expect(child.exitCode).toBe(null);
  });

  test.runIf(existsSync('/dev/full'))('on a full disk: the daemon goes on', async () => {
    const full = openSync('/dev/full', 'w');
    const { child, client } = await printingDaemon(full, isolation);
    closeSync(full);
    for (const way of ['log', 'error', 'stdout', 'stderr', 'service', 'log'])
      expect(await client.request(start(way))).toEqual(PRINTED);
    expect(await client.request('List')).toEqual(LIST);
    expect(child.exitCode).toBe(null);
  });

  test('whose reader reads: every line arrives, in order', async () => {
    const { child, client } = await printingDaemon('pipe', isolation);
    const lines = collect(child.stdout);
    for (const [index, way] of ['log', 'stdout', 'service'].entries()) {
      // More than a pipe holds.
      expect(await client.request(start(way, 1000))).toEqual(PRINTED);
      await until(() => lines().length === 1000 * (index + 1), 'all lines arrive');
    }
    expect(lines().map((line) => Number(line.split(' ')[1]))).toEqual(
      Array.from({ length: 3000 }, (_, n) => n % 1000),
    );
  });
});

test.runIf(fullPipesFail)('whose reader does not read: the daemon and its lanes go on', async () => {
  const { child, client } = await printingDaemon('pipe');
  for (const way of ['log', 'stdout', 'service', 'stderr'])
    expect([way, await client.request(start(way, 3000))]).toEqual([way, PRINTED]);
  for (let n = 0; n < 10; n += 1) expect(await client.request(start('log'))).toEqual(PRINTED);
  expect(child.exitCode).toBe(null);
});

test.each(['exit', 'spin'])('lines that a lane printed before it ended (%s) arrive', async (then) => {
  const { child, client } = await printingDaemon('pipe');
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  client.send(start(`log: ${then}`, 500));
  expect(await client.next()).toHaveProperty('Error');
  await until(() => out().length === 500, 'all lines of stdout');
  client.send(start(`stderr: ${then}`, 500));
  expect(await client.next()).toHaveProperty('Error');
  await until(() => err().length === 500, 'all lines of stderr');
});

test('a handler that ends its stdout or starts a thread that prints harms nobody, whether somebody reads or not', async () => {
  const { child, client } = await printingDaemon('pipe');
  const lines = collect(child.stdout);
  expect(await client.request(start('own thread'))).toEqual(PRINTED);
  await until(() => lines().length === 1, 'what the thread printed arrives');
  child.stdout?.destroy();
  child.stderr?.destroy();
  const lane = await client.request(start('which'));
  for (const way of ['own thread', 'ended', 'ended', 'own thread'])
    expect([way, await client.request(start(way))]).toEqual([way, PRINTED]);
  expect(await client.request(start('which'))).toEqual(lane);
  expect(child.exitCode).toBe(null);
});

test('stdin of a lane has ended, and is not the daemon’s', async () => {
  const { client } = await printingDaemon('pipe');
  expect(await client.request(start('stdin'))).toEqual({ Success: { message: 'ended' } });
});
