// `shutdown` asks over the socket, and signals nobody.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { alive, Manager } from '../../support/manager.js';
import { data, fakeDaemon, itself, refusal, success } from '../fake-daemon.js';

/** A process that any signal would end. */
function stranger(): { readonly pid: number } {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  return { pid: child.pid as number };
}

test('a process that only has the number that the daemon told gets no signal', async () => {
  const manager = new Manager();
  const { pid } = stranger();
  const daemon = await fakeDaemon(manager.socket, async (message, connection) => {
    if (message === 'List') return data([], itself({ pid }));
    await connection.send(success('Stopped 2 apps; the daemon ends now\napp a has left behind process 7'));
    await connection.close();
    return undefined;
  });
  const ran = await manager.run('shutdown');
  expect(ran).toMatchObject({ code: 0, stdout: `Stopped the daemon on ${manager.socket}\n` });
  expect(ran.stderr).toContain('app a has left behind process 7');
  expect(daemon.asked).toContainEqual({ Shutdown: {} });
  expect(alive(pid)).toBe(true);
});

test('a daemon that is not this bunctl is told apart, and left alone', async () => {
  const manager = new Manager();
  const daemon = await fakeDaemon(manager.socket, (message) =>
    message === 'List' ? data([]) : refusal('unknown variant'),
  );
  const { code, stderr } = await manager.run('shutdown');
  expect(code).toBe(1);
  expect(stderr).toContain('is not this bunctl');
  expect(daemon.asked).toEqual(['List']);
});

test.each([['stop', 'a'], ['delete', 'a', '-f'], ['restart', 'a'], ['shutdown']])(
  '%s sends --kill-escaped to a daemon that knows it, and refuses it for one that does not',
  async (...command) => {
    for (const ours of [true, false]) {
      const manager = new Manager();
      const daemon = await fakeDaemon(manager.socket, async (message, connection) => {
        if (message === 'List') return data([], ours ? itself() : {});
        await connection.send(success('done'));
        await connection.close();
        return undefined;
      });
      const { code } = await manager.run(...command, '--kill-escaped');
      expect(code).toBe(ours ? 0 : 1);
      const sent = JSON.stringify(daemon.asked).includes('"kill_escaped":true');
      expect(sent).toBe(ours);
    }
  },
);
