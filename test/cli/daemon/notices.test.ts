// What a daemon has to say beside its answer, such as a limit that the system does not enforce, is shown by each command that starts apps.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { data, fakeDaemon, itself, status, success } from '../fake-daemon.js';

const NOTICE =
  'The memory limit of app web is stored, but not enforced: this system does not tell how much memory processes hold';

test.each([
  ['start', ['start', 'web', '--max-memory', '1G', '--', 'node'], []],
  ['a file that starts an app', ['start', 'apps.json'], []],
  ['a file that restarts an app', ['restart', 'apps.json'], [status('web', { log_files: {} })]],
  ['restart', ['restart', 'web'], [status('web', { log_files: {} })]],
  ['start of an app that is known', ['start', 'web'], [status('web', { log_files: {}, state: 'Stopped' })]],
])('%s', async (_name, args, statuses) => {
  const manager = new Manager();
  const file = join(manager.home, 'apps.json');
  writeFileSync(file, JSON.stringify({ apps: [{ name: 'web', command: 'node', max_memory: '1G' }] }));
  await fakeDaemon(manager.socket, (message) => {
    if (message === 'List')
      return data(
        statuses.map(({ name }) => name),
        itself(),
      );
    if (typeof message === 'object' && 'Status' in message) return data(statuses, itself());
    const dry = typeof message === 'object' && 'Start' in message && message.Start.dry_run === true;
    return success('Done', dry ? { action: 'unchanged', differs: [] } : { notice: NOTICE });
  });
  const { code, stdout, stderr } = await manager.run(...args);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Done\n' });
  expect(stderr.split('\n').filter((line) => line === NOTICE)).toHaveLength(1);
});
