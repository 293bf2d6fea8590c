// The command bunctl as people and scripts use it: help, stdout, stderr and exit codes, without a daemon.
import { describe, expect, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { isThere } from '../support/endpoints.js';
import { Manager } from '../support/manager.js';
import { socketsAreFiles } from '../support/platform.js';

describe('without a daemon', () => {
  test('help is on stdout, with examples', async () => {
    const manager = new Manager();
    const { stdout, code } = await manager.run('--help');
    expect(code).toBe(0);
    for (const command of [
      'start',
      'stop',
      'restart',
      'delete',
      'status',
      'list',
      'stats',
      'logs',
      'flush',
      'daemon',
      'ping',
      'shutdown',
      'doctor',
    ]) {
      expect(stdout).toContain(command);
      const help = await manager.run(command, '--help');
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`bunctl ${command}`);
    }
    expect((await manager.run('--version')).stdout).toMatch(/^bunctl \d+\.\d+\.\d+\n$/);
  });

  test.each<[number, string[], string]>([
    [2, [], ''],
    [2, ['frobnicate'], 'Unknown command "frobnicate"'],
    [2, ['list', '--nonsense'], 'nonsense'],
    [2, ['stop'], 'bunctl stop NAME'],
    [2, ['stop', 'a/b'], 'cannot contain'],
    [2, ['logs', '-l', 'x'], 'whole number'],
    [2, ['start'], 'bunctl start NAME -- COMMAND'],
    [2, ['start', 'a', '--'], 'bunctl start NAME -- COMMAND'],
    [2, ['start', 'a', '--env', 'secret', '--', 'x'], 'KEY=VALUE'],
    [2, ['start', '-c', 'nowhere.json'], 'there is no such file'],
    [6, ['stop', 'a'], 'No daemon is running'],
    [6, ['status', 'a'], 'No daemon is running'],
    [6, ['ping'], 'No daemon is running'],
    [6, ['logs', 'a', '-f'], 'No daemon is running'],
    [3, ['logs', 'a'], 'not found'],
    [3, ['start', 'nobody'], 'bunctl start nobody -- COMMAND'],
    [3, ['start', 'all'], 'There are no apps yet'],
    [2, ['start', 'all', '--', 'x'], 'give this one another name'],
    [2, ['start', 'ALL', '--', 'x'], 'give this one another name'],
    [3, ['start', 'All'], 'There are no apps yet'],
    [2, ['start', 'a', '--max-memory', 'much', '--', 'x'], '512M'],
    [2, ['start', 'a', '--auto-restart', '--no-auto-restart', '--', 'x'], 'exclude each other'],
    [2, ['start', 'a', '--max-cpu', '-1', '--', 'x'], 'negative number'],
    [2, ['start', 'a', '--stop-timeout', 'soon', '--', 'x'], '20s'],
    [2, ['start', 'a', '--max-restarts', 'few', '--', 'x'], 'whole number'],
  ])('exit code %d: bunctl %j', async (code, args, part) => {
    const manager = new Manager();
    const ran = await manager.run(...args);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(part);
    if (args.length > 0) expect(ran.stdout).toBe('');
    // No daemon was started for this answer.
    expect(await isThere(endpointAt(manager.socket))).toBe(false);
  });

  test('an empty list is not a failure; doctor says where it looked; shutdown has nothing to do', async () => {
    const manager = new Manager();
    expect(await manager.run('list', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect(await manager.run('status', '-j')).toMatchObject({ code: 0, stdout: '[]\n' });
    const doctor = await manager.run('doctor');
    const nothing = socketsAreFiles ? 'nothing there' : 'no daemon listens there';
    expect(doctor.stdout).toContain(`${endpointAt(manager.socket)}: ${nothing}`);
    expect(doctor.code).toBe(0);
    expect((await manager.run('shutdown')).code).toBe(0);
  });
});
