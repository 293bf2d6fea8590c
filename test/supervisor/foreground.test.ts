// The daemon in the foreground, with a file that declares its apps: its start, its end, and its next start.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IpcClient } from 'bunctl-ipc/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fixture } from '../support/daemon.js';
import { foreground } from '../support/foreground.js';
import {
  alive,
  Manager,
  start,
  startProgram,
  type Status,
  statusOf,
  untilState,
  written,
} from '../support/manager.js';
import { adoptedCanBeAsked, hasProc, signalsAreMessages } from '../support/platform.js';
import { LASTS, LASTS_TOO } from '../support/programs.js';
import { notACopy } from '../support/second-signal.js';
import { until } from '../support/until.js';

const sleeper = (name: string, more: object = {}) => ({
  name,
  command: LASTS[0],
  args: LASTS.slice(1),
  auto_start: true,
  restart_policy: 'unless-stopped',
  ...more,
});

function declare(manager: Manager, ...apps: object[]): string {
  const file = join(manager.home, 'bunctl.json');
  writeFileSync(file, JSON.stringify({ apps }));
  return file;
}

/** The processes that have the environment of an app of this daemon. */
const processesOf = (manager: Manager): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return (
          variables.includes(`BUNCTL_SOCKET=${manager.socket}`) &&
          variables.some((each) => each.startsWith('BUNCTL_APP=')) &&
          alive(pid)
        );
      } catch {
        return false;
      }
    });

describe('a daemon in the foreground', () => {
  test.runIf(signalsAreMessages && hasProc)(
    'that is told to end while it starts its apps ends in good order, and starts no more',
    async () => {
      const manager = new Manager();
      const names = Array.from({ length: 30 }, (_, n) => `app${n}`);
      const file = declare(manager, ...names.map((name) => sleeper(name)));
      const daemon = foreground(manager, ['-c', file]);
      await until(() => daemon.stdout().includes('listens'), 'it listens');
      daemon.child.kill('SIGTERM');
      expect([await daemon.ended, daemon.stderr()]).toEqual([0, '']);
      expect(existsSync(manager.socket)).toBe(false);
      expect(processesOf(manager)).toEqual([]);
    },
  );

  test.runIf(hasProc)(
    'that is told to end before it has started its apps still says what those that it took over leave behind',
    async () => {
      const manager = new Manager();
      const client = await manager.daemon();
      const pid = join(manager.home, 'pid');
      await client.request(start('a', `setsid sh -c 'echo $$ > ${pid}; exec sleep 1000' & sleep 1000`));
      const left = await written(pid);
      onTestFinished(() => {
        if (alive(left)) process.kill(left, 'SIGKILL');
      });
      await manager.killDaemon();
      const told = fileURLToPath(fixture('ends-at-its-first-thread.cjs'));
      const daemon = foreground(manager, ['-c', declare(manager, sleeper('b'))], {
        NODE_OPTIONS: `--require=${told}`,
      });
      expect(await daemon.ended).toBe(0);
      expect(daemon.stderr()).toContain(`left behind process ${left}`);
      expect(daemon.stdout()).not.toContain('Started');
      expect(processesOf(manager)).toEqual([left]);
    },
  );

  test.runIf(signalsAreMessages)(
    'that gets its signal in two copies, as timeout and npm send it, stops its apps',
    async () => {
      const manager = new Manager();
      const daemon = foreground(manager, ['-c', declare(manager, sleeper('a'))]);
      await until(() => daemon.stdout().includes('Started app a'), 'it has started');
      const { pid } = await manager.status('a');
      daemon.child.kill('SIGTERM');
      daemon.child.kill('SIGINT');
      expect([await daemon.ended, daemon.stderr()]).toEqual([0, '']);
      expect(alive(pid)).toBe(false);
    },
  );

  test.runIf(signalsAreMessages)('says which apps run on when a second signal ends it', async () => {
    const manager = new Manager();
    const daemon = foreground(manager);
    await until(() => daemon.stdout().includes('listens'), 'it listens');
    const client = await manager.connect();
    const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.1; done';
    await client.request(start('a', stubborn, { stop_timeout: { secs: 60, nanos: 0 } }));
    await until(() => manager.printed('a') === 'ready\n', 'it ignores SIGTERM');
    const { pid } = await statusOf(client, 'a');
    onTestFinished(() => {
      process.kill(-(pid as number), 'SIGKILL');
    });
    daemon.child.kill('SIGTERM');
    await untilState(client, 'a', 'Stopping');
    await notACopy();
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(130);
    expect(daemon.stderr()).toBe(
      'A second signal ends the daemon at once, and this app runs on: a. To stop it: bunctl stop all\n',
    );
    expect(alive(pid)).toBe(true);
  });

  test.runIf(signalsAreMessages).each(['state', 'socket'])(
    'that is told to end while it starts, as soon as its %s is there, leaves no socket',
    async (what) => {
      const manager = new Manager();
      const daemon = foreground(manager);
      const path = what === 'state' ? join(manager.home, 'state') : manager.socket;
      await until(() => existsSync(path), 'it is there');
      daemon.child.kill('SIGTERM');
      expect(await daemon.ended).toBe(0);
      expect(existsSync(manager.socket)).toBe(false);
    },
  );

  test.runIf(adoptedCanBeAsked)(
    'runs what its file declares: what has changed, what is gone, and what a command has stopped',
    async () => {
      const manager = new Manager();
      const file = declare(manager, sleeper('stopped'), sleeper('changed'), sleeper('gone'), sleeper('same'));
      const first = foreground(manager, ['-c', file]);
      await until(() => first.stdout().split('Started app').length === 5, 'all four are started');
      await using client = await IpcClient.connect(manager.socket);
      await client.request({ Stop: { name: 'stopped' } });
      const same = await statusOf(client, 'same');
      first.child.kill('SIGKILL');
      await first.ended;
      declare(
        manager,
        sleeper('stopped'),
        sleeper('changed', { args: LASTS_TOO.slice(1) }),
        sleeper('same'),
        sleeper('new'),
      );
      const second = foreground(manager, ['-c', file]);
      await until(() => second.stdout().includes('Started app new'), 'the new one is started');
      await using next = await IpcClient.connect(manager.socket);
      const { data } = ((await next.request({ Status: { name: null } })) as { Data: { data: Status[] } })
        .Data;
      expect(data).toMatchObject([
        { name: 'changed', state: 'Running', args: LASTS_TOO.slice(1), source: file },
        { name: 'gone', state: 'Stopped', source: null },
        { name: 'new', state: 'Running' },
        { name: 'same', state: 'Running', pid: same.pid },
        { name: 'stopped', state: 'Stopped', wanted: 'stopped' },
      ]);
      // What is printed comes through two pipes.
      await until(
        () => second.stderr().includes('App stopped') && second.stderr().includes('App gone'),
        'both are told',
      );
      expect(second.stderr()).toContain(`App gone is no longer in ${file} and was stopped`);
      expect(second.stderr()).toContain('App stopped stays stopped');
    },
  );

  test('tells of an app of its file that cannot be started, and starts the others', async () => {
    const manager = new Manager();
    const file = declare(manager, sleeper('broken', { command: 'no-such-program' }), sleeper('fine'));
    const daemon = foreground(manager, ['-c', file]);
    // While the daemon is there that has started them.
    onTestFinished(() => manager.deleteAll());
    await until(() => daemon.stdout().includes('Started app fine'), 'the other one is started');
    await until(() => daemon.stderr().includes('no-such-program'), 'it is told');
    expect(daemon.stderr()).toContain('broken');
  });

  test.runIf(signalsAreMessages)(
    'shows what its apps print, with their names, unless it is told not to',
    async () => {
      const manager = new Manager();
      const daemon = foreground(manager);
      await until(() => daemon.stdout().includes('listens'), 'it listens');
      const client = await manager.connect();
      await client.request(start('a', 'while :; do echo shown; sleep 0.1; done'));
      await until(() => daemon.stdout().includes('[a] shown\n'), 'it is shown');
      // What shows it ends with the daemon, in whatever way that ends: nothing holds the daemon's stdout open.
      daemon.child.kill('SIGKILL');
      expect(await daemon.ended).toBe('SIGKILL');
      const quiet = foreground(manager, ['--quiet']);
      await until(() => quiet.stdout().includes('listens'), 'another one listens');
      const before = manager.printed('a').length;
      await until(() => manager.printed('a').length > before + 20, 'the app prints on');
      quiet.child.kill('SIGTERM');
      expect(await quiet.ended).toBe(0);
      expect(quiet.stdout()).not.toContain('shown');
    },
  );

  test('ends when it is asked over its socket, and answers before', async () => {
    const manager = new Manager();
    const daemon = foreground(manager);
    await using client = await IpcClient.connect(manager.socket, { timeout: 120_000, retry: 'absent' });
    await client.request(startProgram('a', LASTS));
    const { pid } = await statusOf(client, 'a');
    expect(await client.request({ Shutdown: {} })).toMatchObject({
      Success: { message: 'Stopped 1 app; the daemon ends now' },
    });
    expect(alive(pid)).toBe(false);
    expect(await daemon.ended).toBe(0);
  });

  test.runIf(hasProc).each([
    ['BUNCTL_STATE_DIR', '/proc/nothing/here', 'cannot be made'],
    ['BUNCTL_SOCKET', '/proc/nothing/here', 'cannot be made'],
  ])('with %s below /proc ends at once, and says why', async (variable, value, why) => {
    const manager = new Manager();
    const daemon = foreground(manager, [], { [variable]: value });
    expect(await daemon.ended).not.toBe(0);
    expect(daemon.stderr()).toContain(why);
    expect(daemon.stderr()).not.toContain('    at ');
  });

  const isolated = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'true']).status === 0;
  test.runIf(isolated && spawnSync('flock', ['--version']).status === 0)(
    'is the only one on its state, though another is in a network namespace of its own',
    async () => {
      const manager = new Manager();
      const place = (name: string): NodeJS.ProcessEnv => {
        const directory = join(manager.home, name);
        mkdirSync(directory, { mode: 0o700 });
        return { BUNCTL_SOCKET: '', XDG_RUNTIME_DIR: directory, TMPDIR: directory };
      };
      const first = foreground(manager, [], place('one'));
      await until(() => first.stdout().includes('listens'), 'it listens');
      const second = foreground(manager, [], place('two'), 'unshare', '-n');
      await until(() => second.stdout() + second.stderr() !== '', 'it says what it does');
      expect(second.stdout()).toBe('');
      expect(await second.ended).toBe(1);
      expect(second.stderr()).toContain('keeps its apps in');
      first.child.kill('SIGKILL');
      await first.ended;
      const third = foreground(manager, [], place('three'), 'unshare', '-n');
      await until(() => third.stdout().includes('listens'), 'the lock went with its process');
      third.child.kill('SIGTERM');
      expect(await third.ended).toBe(0);
    },
  );
});
