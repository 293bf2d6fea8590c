// Waiting with a timeout, with a clock of the test's own, and behind a late loop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { waitAtMost } from '#dist/timeout.js';
import { endpointIn, temporaryDirectory } from './support/daemon.js';
import { FakeClock } from './support/fake-clock.js';

test('a wait ends with the promise, and leaves no timer', async () => {
  const clock = new FakeClock();
  expect(await waitAtMost(Promise.resolve('value'), 1000, () => 'late', clock)).toBe('value');
  expect(clock.pending).toBe(0);
  await expect(waitAtMost(Promise.reject(new Error('no')), 1000, () => 'late', clock)).rejects.toThrow('no');
  expect(clock.pending).toBe(0);
});

test('a wait ends with what is done when the time is up, be it an error', async () => {
  const clock = new FakeClock();
  const never = new Promise<never>(() => undefined);
  const late = waitAtMost(never, 1000, () => 'late', clock);
  const failing = waitAtMost(
    never,
    1000,
    () => {
      throw new Error('too late');
    },
    clock,
  );
  clock.advance(1000);
  expect(await late).toBe('late');
  await expect(failing).rejects.toThrow('too late');
});

test.each([Infinity, 2 ** 31, 2 ** 53])('a wait of %d ms has no limit', async (ms) => {
  const clock = new FakeClock();
  const waiting = waitAtMost(Promise.resolve('value'), ms, () => 'late', clock);
  expect(clock.pending).toBe(0);
  expect(await waiting).toBe('value');
});

test('what arrived while the loop was late is read before a deadline is judged', async () => {
  const directory = temporaryDirectory();
  const [path, sent] = [endpointIn(directory), join(directory, 'sent')];
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  const connected = once(server, 'connection');
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { once } from 'node:events';
       import { existsSync } from 'node:fs';
       import { connect } from 'node:net';
       import { waitAtMost } from '#dist/timeout.js';
       const socket = connect(${JSON.stringify(path)});
       await once(socket, 'connect');
       const data = once(socket, 'data');
       const waiting = Array.from({ length: 20 }, () => waitAtMost(data, 10, () => 'late'));
       // Until the data has arrived and the time is up, the loop does not turn.
       const due = performance.now() + 20;
       while (!existsSync(${JSON.stringify(sent)}) || performance.now() < due);
       console.log((await Promise.all(waiting)).filter((answer) => answer === 'late').length);
       socket.destroy();`,
    ],
    { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const late = text(child.stdout);
  const [socket] = (await connected) as [Socket];
  socket.write('in time', () => writeFileSync(sent, ''));
  expect(await late).toBe('0\n');
});
