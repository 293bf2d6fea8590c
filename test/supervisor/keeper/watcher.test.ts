// The watcher starts a daemon again where there is no keeper. The test is the daemon at the end of its channel.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../support/daemon.js';
import { until } from '../../support/until.js';

const WATCHER = fileURLToPath(new URL('../../../dist/bundle/watcher.js', import.meta.url));

/** A daemon that was started again: notes whom it replaces, says hello, and leaves or dies when its file says so. */
const DAEMON = `
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
const directory = process.argv[2];
const again = { program: process.execPath, args: process.argv.slice(1) };
const started = () =>
  appendFileSync(join(directory, 'starts'), process.pid + ' replaces ' + process.env.BUNCTL_REPLACES + '\\n');
if (existsSync(join(directory, 'silent'))) started();
else process.send({ hello: { pid: process.pid, again } }, started);
setInterval(() => {
  if (existsSync(join(directory, 'leave'))) process.send({ leave: true }, () => process.exit());
  if (existsSync(join(directory, 'silent'))) process.exit(3);
}, 20);
`;

function begin() {
  const directory = temporaryDirectory();
  const program = join(directory, 'daemon.mjs');
  writeFileSync(program, DAEMON);
  const hello = { pid: 4242, again: { program: process.execPath, args: [program, directory] } };
  const watcher = spawn(process.execPath, [WATCHER, directory, JSON.stringify(hello)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  onTestFinished(() => {
    // What is still there ends by itself.
    writeFileSync(join(directory, 'leave'), '');
  });
  const starts = (): number[] =>
    existsSync(join(directory, 'starts'))
      ? readFileSync(join(directory, 'starts'), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => parseInt(line))
      : [];
  const ended = once(watcher, 'exit');
  const replaced = (): string => readFileSync(join(directory, 'starts'), 'utf8');
  return { directory, watcher, starts, ended, replaced };
}

test('a daemon that dies is started again, and so is the one that replaces it', async () => {
  const { directory, watcher, starts, ended, replaced } = begin();
  // As the channel of a process that is killed.
  watcher.disconnect();
  await until(() => starts().length === 1, 'it is started again');
  const [first] = starts() as [number];
  expect(replaced()).toBe(`${first} replaces 4242\n`);
  process.kill(first, 'SIGKILL');
  await until(() => starts().length === 2, 'the second one too');
  expect(replaced()).toContain(` replaces ${first}\n`);
  writeFileSync(join(directory, 'leave'), '');
  expect(await ended).toEqual([0, null]);
  expect(starts()).toHaveLength(2);
});

test('a daemon that leaves is not started again, and the watcher ends', async () => {
  const { watcher, starts, ended } = begin();
  watcher.send({ leave: true });
  expect(await ended).toEqual([0, null]);
  expect(starts()).toEqual([]);
});

test('a daemon that cannot start is tried five times, then a file says why', async () => {
  const { directory, watcher, starts, ended } = begin();
  writeFileSync(join(directory, 'silent'), '');
  watcher.disconnect();
  expect(await ended).toEqual([0, null]);
  expect(starts()).toHaveLength(5);
  expect(readFileSync(join(directory, 'given-up'), 'utf8')).toContain(
    'The daemon died 6 times within a minute',
  );
});
