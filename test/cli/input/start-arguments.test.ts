// What `start` refuses, since a part of it would be without effect; and how the names are told that it changes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { fakeDaemon, success } from '../fake-daemon.js';

/** A folder with two configuration files and scripts. */
function folder(): Manager {
  const manager = new Manager();
  for (const [file, name] of [
    ['a.json', 'web'],
    ['b.json', 'mail'],
  ] as const)
    writeFileSync(join(manager.home, file), JSON.stringify({ apps: [{ name, command: 'node' }] }));
  for (const file of ['server.js', 'other.js', 'all.js', '-all.js', '日本.js'])
    writeFileSync(join(manager.home, file), '');
  return manager;
}

test.each<[string[], string]>([
  [['api', '--command', 'node', '--script', 'server.js'], '--command and --script exclude each other'],
  [['-c', 'a.json', 'server.js'], 'bunctl start -c a.json'],
  [['-c', 'a.json', '-s', 'server.js'], 'bunctl start -c a.json'],
  [['api', '-c', 'a.json', '--command', 'node'], 'bunctl start -c a.json'],
  [['api', '-c', 'a.json', '--', 'node'], 'bunctl start -c a.json'],
  [['api', '--auto-restart', '--restart', 'no', '--', 'node'], '--auto-restart and --restart no exclude'],
  [['api', '--name', 'web', '--', 'node'], '"api" and --name "web" are two names'],
  [['a', '--command', 'sleep', '100'], 'bunctl start a -- sleep 100'],
  [['a', '-s', 'server.js', 'x'], 'bunctl start a -s server.js -- x'],
  [['server.js', 'x', '--', 'y'], 'bunctl start server.js -- y x'],
  [['a.json', '--', 'node'], 'To start its apps: bunctl start a.json'],
  [['a.json', '--command', 'node'], 'To start its apps: bunctl start a.json'],
  [['a.json', 'b.json'], 'b.json is a file. start takes one file'],
  [['./a.json', './b.json'], './b.json is a file. start takes one file'],
  [['-c', 'a.json', 'b.json'], 'b.json is a file. start takes one file'],
  [['a.json', './server.js'], './server.js is a file. start takes one file'],
  [['a.json', './nowhere.js'], 'There is no file ./nowhere.js'],
  [['a.json', 'web', 'all'], '"all" means every app'],
  [['a.json', 'x', 'web', 'y'], 'a.json has no app x, y. Apps of the file and apps that only'],
  [['all.js'], 'bunctl start -s all.js --name NAME'],
  [['./-all.js'], 'bunctl start -s ./-all.js --name NAME'],
  [['日本.js'], ' --name NAME'],
])('bunctl start %j is refused', async (args, part) => {
  const manager = folder();
  const daemon = await fakeDaemon(manager.socket, () => success('done'));
  const { code, stdout, stderr } = await manager.run('start', ...args);
  expect({ code, stdout, asked: daemon.asked }).toEqual({ code: 2, stdout: '', asked: [] });
  expect(stderr).toContain(part);
});

test.each<[string[], string]>([
  [['über café 日本', '--', 'node'], 'Started app über café 日本, known as ber-caf\n'],
  [['--name=-x', '--', 'node'], 'Started app -x, known as x\n'],
  [['Web', '--', 'node'], 'Started app Web, known as web\n'],
  [['my-app.2', '--', 'node'], 'Started app my-app.2\n'],
  [['server.js', '--name', 'My App'], 'Started app My App, known as my-app\n'],
])('bunctl start %j tells the id when it is not the name', async (args, told) => {
  const manager = folder();
  await fakeDaemon(manager.socket, (message) =>
    success(`Started app ${typeof message === 'object' && 'Start' in message ? message.Start.name : ''}`),
  );
  expect(await manager.ok('start', ...args)).toBe(told);
});

test('of several names that nobody knows each is reported, also without a daemon', async () => {
  const manager = new Manager();
  const { code, stderr } = await manager.run('start', 'one', 'two', 'ONE');
  expect(code).toBe(3);
  expect(stderr).toContain('App one not found.');
  expect(stderr).toContain('App two not found.');
  expect(stderr).toContain('Error: 2 of 2 failed\n');
});
