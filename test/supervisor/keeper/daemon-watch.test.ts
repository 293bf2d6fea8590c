// The keeper starts a daemon again that has died, and stops when that does not help.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DaemonWatch } from '#dist/supervisor/keeper/daemon-watch.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { signalsAreMessages } from '../../support/platform.js';
import { either } from '../../support/programs.js';
import { until } from '../../support/until.js';

function watchIn(directory: string) {
  let givenUp = 0;
  const files = { givenUp: join(directory, 'given-up'), daemonLog: join(directory, 'daemon.log') };
  const watch = new DaemonWatch({ ...files, onGivenUp: () => (givenUp += 1), pause: 5 });
  return { watch, files, givenUp: () => givenUp };
}

test('a daemon that dies again and again is left after its fifth start, and a file says why', async () => {
  const directory = temporaryDirectory();
  const { watch, files, givenUp } = watchIn(directory);
  const starts = join(directory, 'starts');
  const [command, ...args] = either(
    `echo "$BUNCTL_REPLACES" >> ${starts}; exit 3`,
    `const { BUNCTL_REPLACES } = process.env;
    require('node:fs').appendFileSync(${JSON.stringify(starts)}, BUNCTL_REPLACES + '\\n'); process.exit(3);`,
  );
  const program = command === 'node' ? process.execPath : command;
  watch.died(123, { program, args }, null);
  expect(watch.expects).toBe(true);
  await until(() => givenUp() === 1, 'it is given up');
  expect(watch.expects).toBe(false);
  expect(readFileSync(starts, 'utf8')).toBe('123\n'.repeat(5));
  expect(readFileSync(files.givenUp, 'utf8')).toMatch(
    /^The daemon died 6 times within a minute, the last time at .*, and was not started again; its apps run on/,
  );
  expect(readFileSync(files.daemonLog, 'utf8')).toContain('ended with code 3');
});

test.each([
  [
    'its own environment, if it has told it',
    { SystemRoot: process.env['SystemRoot'] ?? '', MADE_FOR: 'it' },
    'it',
  ],
  ['that of this process, if it has told none', null, ''],
])('a daemon that has died is started again with %s', async (_which, environment, told) => {
  const directory = temporaryDirectory();
  const { watch, givenUp } = watchIn(directory);
  const starts = join(directory, 'starts');
  const program = `const { MADE_FOR = '', BUNCTL_REPLACES } = process.env;
    require('node:fs').appendFileSync(${JSON.stringify(starts)}, MADE_FOR + ' ' + BUNCTL_REPLACES + '\\n'); process.exit(3);`;
  watch.died(123, { program: process.execPath, args: ['-e', program] }, environment);
  await until(() => givenUp() === 1, 'it is given up');
  expect(readFileSync(starts, 'utf8')).toBe(`${told} 123\n`.repeat(5));
});

test.each([
  ['as it was told to', 'exit 0', 'process.exit(0)'],
  ['by a second signal', 'exit 130', 'process.exit(130)'],
  ...(signalsAreMessages ? [['by SIGTERM, before it catches signals', 'kill $$; sleep 60', '']] : []),
])(
  'a daemon that was started again and ended %s before it said hello is left, and nothing says that it died',
  async (_how, script, code) => {
    const { watch, files, givenUp } = watchIn(temporaryDirectory());
    const [command, ...args] = either(script, code);
    watch.died(123, { program: command === 'node' ? process.execPath : command, args }, null);
    await until(() => givenUp() > 0, 'it is not expected any more');
    expect(watch.expects).toBe(false);
    expect(existsSync(files.givenUp)).toBe(false);
    expect(readFileSync(files.daemonLog, 'utf8')).not.toContain('ended with');
  },
);

test('a program that is not there is told in the log of the daemon', async () => {
  const { watch, files, givenUp } = watchIn(temporaryDirectory());
  watch.died(123, { program: '/nowhere/node', args: [] }, null);
  await until(() => givenUp() === 1, 'it is given up');
  expect(readFileSync(files.daemonLog, 'utf8')).toContain('ENOENT');
});

test('a daemon that is there ends the wait for it; one that is not to be started again is not', () => {
  const { watch } = watchIn(temporaryDirectory());
  watch.died(1, null, null);
  expect(watch.expects).toBe(false);
  watch.died(1, { program: 'sleep', args: ['0.01'] }, null);
  watch.arrived();
  expect(watch.expects).toBe(false);
});
