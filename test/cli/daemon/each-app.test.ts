// Several apps in one command.
import { expect, test } from 'vitest';
import { statOf } from '#dist/supervisor/system/stat.js';
import { Manager, type Status } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';
import { LASTS } from '../../support/programs.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

test('start starts it and says so on stderr; several names and `all` are done side by side', async () => {
  const manager = new Manager();
  const first = await manager.run('start', 'a', '--', ...LASTS);
  expect(first).toMatchObject({ code: 0, stdout: 'Started app a\n' });
  expect(first.stderr).toContain('Started the daemon on');
  // Neither Ctrl-C in the terminal nor the end of the terminal reaches the daemon.
  const pid = await manager.pid();
  if (hasProc) expect(statOf(pid)?.group).toBe(pid);
  expect(await manager.run('start', 'b', '--', ...LASTS)).toMatchObject({ stderr: '', code: 0 });
  await manager.ok('start', 'c', '--', ...LASTS);
  expect((await manager.ok('stop', 'a', 'b')).trim().split('\n').sort()).toEqual([
    'Stopped app a',
    'Stopped app b',
  ]);
  expect((await manager.run('stop', 'a')).code).toBe(4);
  expect((await manager.run('stop', 'nobody')).code).toBe(3);
  // More names than are done at a time: failures of the first ones do not stop the others, and each is reported.
  const nobodies = Array.from({ length: 9 }, (_, n) => `nobody${n}`);
  const several = await manager.run('stop', ...nobodies, 'c');
  expect(several).toMatchObject({ code: 3, stdout: 'Stopped app c\n' });
  for (const nobody of nobodies) expect(several.stderr).toContain(`App ${nobody} not found\n`);
  expect(several.stderr).toContain('9 of 10 failed');
  expect(await manager.ok('start', 'a')).toMatch(/^Started app a with PID \d+\n$/);
  expect(await manager.run('stop', 'all')).toEqual({ code: 0, stdout: 'Stopped app a\n', stderr: '' });
  expect(await manager.ok('restart', 'ALL')).toMatch(/Started app a with PID \d+/);
  const apps = JSON.parse(await manager.ok('list', '-j')) as Status[];
  expect(apps.map(({ name, state }) => `${name} ${state}`)).toEqual(['a Running', 'b Running', 'c Running']);
  expect(await manager.ok('list')).toMatch(/^name +state +pid.*\na +running/);
  expect(await manager.ok('start', 'a')).toContain('is running already');
  const asked = await manager.run('delete', 'all');
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') as string });
  await manager.ok('delete', 'all', '-f');
  expect(await manager.ok('list', '-j')).toBe('[]\n');
});

test('an app that is named twice, in upper and lower case too, is one app', async () => {
  const manager = new Manager();
  await manager.ok('start', 'c', '--', ...LASTS);
  expect(await manager.run('stop', 'c', 'C', 'c')).toEqual({
    code: 0,
    stdout: 'Stopped app c\n',
    stderr: '',
  });
  const started = await manager.run('start', 'c', 'C');
  expect(started).toMatchObject({ code: 0, stderr: '' });
  expect(started.stdout).toMatch(/^Started app c with PID \d+\n$/);
  expect((await manager.ok('flush', 'C', 'c')).trim().split('\n')).toEqual(['Emptied the log of app C']);
  expect((await manager.ok('restart', 'c', 'C')).trim().split('\n')).toHaveLength(1);
  const deleted = await manager.run('delete', 'c', 'C', '-f');
  expect(deleted).toEqual({ code: 0, stdout: 'Deleted app c\n', stderr: '' });
});

test('an app that many start by its name at once is started once, and nobody restarts it', async () => {
  const manager = new Manager();
  await manager.ok('start', 'c', '--', ...LASTS);
  await manager.ok('stop', 'c');
  const all = await Promise.all(Array.from({ length: 4 }, () => manager.run('start', 'c')));
  const { pid, restarts } = await manager.status('c');
  expect(all.map(({ stdout }) => stdout).sort()).toEqual([
    ...Array.from({ length: 3 }, () => `App c is running already (pid ${pid})\n`),
    `Started app c with PID ${pid}\n`,
  ]);
  expect(restarts).toBe(0);
});

test('start by a name asks the daemon to leave an app alone that runs by then', async () => {
  const manager = new Manager();
  const { asked } = await fakeDaemon(manager.socket, (message) =>
    typeof message === 'object' && 'Restart' in message
      ? success('App web is running already (pid 7)', { running: 7 })
      : data([status('web', { state: 'Stopped' })]),
  );
  expect(await manager.ok('start', 'web')).toBe('App web is running already (pid 7)\n');
  expect(asked.at(-1)).toMatchObject({ Restart: { name: 'web', unless_running: true } });
});
