// A daemon that does not answer in time, and a server that is no daemon: what the commands say of them.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { Manager } from '../../support/manager.js';
import { hasFifos, hasProc, signalsAreMessages } from '../../support/platform.js';
import { LASTS, printsAndLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { fakeDaemon } from '../fake-daemon.js';

describe('a daemon that does not answer', () => {
  test.each<[string[], string]>([
    [['stop', 's1'], 'App s1: no answer came within 0.2 s. The daemon goes on with the command;'],
    [['restart', 's1'], 'App s1: no answer came within 0.2 s. The daemon goes on with the command;'],
    [
      ['start', 's1', '--', ...LASTS],
      'App s1: no answer came within 0.2 s. The daemon goes on with the command;',
    ],
    [['list'], 'did not answer within 0.2 s;'],
    [['status', 's1'], 'did not answer within 0.2 s;'],
    [['ping'], 'did not answer within 0.2 s;'],
    [['logs', 's1'], 'did not answer within 0.2 s;'],
  ])('is told of with what can be done, with exit code 5: bunctl %j', async (args, sentence) => {
    const manager = new Manager();
    const hung = await fakeDaemon(manager.socket, () => undefined);
    const end = args.indexOf('--');
    const own = end < 0 ? args.length : end;
    const { code, stderr } = await manager.run(...args.slice(0, own), '--timeout', '0.2', ...args.slice(own));
    expect(hung.asked.length).toBeGreaterThan(0);
    expect([code, stderr]).toEqual([5, expect.stringContaining(sentence)]);
    expect(stderr).toMatch(/; --timeout waits longer, and bunctl doctor looks at the daemon\.\n$/);
  });

  test('is named once for each app that it was asked for', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, () => undefined);
    const { code, stderr } = await manager.run('stop', 'a', 'b', '--timeout', '0.2');
    expect(code).toBe(5);
    expect(stderr).toContain('App a: no answer came within 0.2 s. The daemon goes on with the command;');
    expect(stderr).toContain('App b: no answer came within 0.2 s. The daemon goes on with the command;');
  });

  test.runIf(hasProc && hasFifos && signalsAreMessages)(
    'does not hold up the logs that are in files; doctor names its process and what can be done',
    async () => {
      const manager = new Manager();
      const [command, ...args] = printsAndLasts('a line');
      await manager.ok('start', 'a', '--', command, ...args);
      await until(() => manager.printed('a') === 'a line\n', 'it has printed');
      const pid = await manager.pid();
      process.kill(pid, 'SIGSTOP');
      onTestFinished(() => void process.kill(pid, 'SIGCONT'));
      expect(await manager.run('logs', 'a', '--timeout', '0.2')).toEqual({
        code: 0,
        stdout: 'a line\n',
        stderr: `The daemon on ${manager.socket} does not answer; these are the log files.\n`,
      });
      const doctor = await manager.run('doctor');
      expect(doctor.code).toBe(1);
      expect(doctor.stdout).toContain(
        `The daemon on ${manager.socket} does not answer: process ${pid} is stopped. To let it go on: kill -CONT ${pid}\n`,
      );
    },
  );
});

test.each([
  ['HTTP/1.1 400 Bad Request\r\n\r\n', 'a server of HTTP'],
  ['\u0003\u0000\u0000\u0000{}!', 'a server with frames of its own'],
])('what answers %j is said to be no daemon, with exit code 6: %s', async (answer) => {
  const manager = new Manager();
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => void socket.end(answer));
  });
  server.listen(endpointAt(manager.socket));
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  for (const command of ['list', 'ping', 'stop a'])
    expect(await manager.run(...command.split(' '))).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(
        `What listens on ${endpointAt(manager.socket)} is not a bunctl daemon.`,
      ) as string,
    });
  expect((await manager.run('doctor')).stdout).toContain('is not a bunctl daemon');
});
