// The process host by its functions: one process for each app, whatever its supervisor or its daemon does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { checkIds } from '#dist/supervisor/host/start/permitted.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import { bootId } from '#dist/supervisor/system/place.js';
import { identify } from '#dist/supervisor/system/processes.js';
import { system } from '#dist/supervisor/system/system.js';
import { nonceOf, recordOf, script, SLEEPS, testHost } from '../../support/host.js';
import { alive } from '../../support/manager.js';
import {
  argumentsAreBounded,
  hasFifos,
  hasProc,
  scriptsStart,
  usersHaveNumbers,
} from '../../support/platform.js';
import { printedBy } from '../../support/printed.js';
import { until } from '../../support/until.js';

const decided = { config: SLEEPS, environment: null, source: null, mode: null, state: STOPPED };
const starting = { ...STOPPED, status: 'Starting', wanted: 'running' } as const;

describe('the process host', () => {
  test.runIf(hasProc)(
    'adopts the process of a record, and not a stranger that only has its number',
    async () => {
      const { pid } = await script('echo ready; exec sleep 1000');
      const identity = identify(pid);
      const right = testHost(recordOf({ process: identity }));
      expect((await right.inventory()).apps).toMatchObject([{ live: true, exit: null }]);
      expect(identity.bootId).toBe(bootId());
      for (const stranger of [
        { ...identity, startTime: '1' },
        { ...identity, bootId: '0' },
        { ...identity, startTime: null },
        { ...identity, bootId: null },
        { ...identity, machine: 'another' },
        { ...identity, pidNamespace: 'pid:[1]' },
        { pid, startTime: null, bootId: null },
      ]) {
        const { inventory, signal } = testHost(recordOf({ process: stranger }));
        expect((await inventory()).apps).toMatchObject([{ live: false, exit: { unknown: true } }]);
        expect(signal('a', 'SIGTERM')).toBe(false);
        expect(signal('a', 'SIGKILL')).toBe(false);
      }
      expect(alive(pid)).toBe(true);
      // A record of an older version has only the boot.
      const { bootId: boot, startTime } = identity;
      const older = testHost(recordOf({ process: { pid, startTime, bootId: boot } }));
      expect((await older.inventory()).apps).toMatchObject([{ live: true }]);
    },
  );

  test.runIf(hasProc)(
    'looks for nothing of an app that last ran on another machine, and says so',
    async () => {
      // By its mark it is of a later run than the record: of a record of this machine it would be the app.
      const { pid } = await script('echo ready; exec sleep 1000', { BUNCTL_APP: `a:${nonceOf('a', 2)}` });
      const earlier = { ...identify(pid), bootId: 'another' };
      const elsewhere = { ...earlier, machine: 'another', host: 'there' };
      const { inventory } = testHost(recordOf({ process: elsewhere }));
      expect((await inventory()).apps).toMatchObject([
        { live: false, exit: { unknown: true, elsewhere: true }, record: { process: null } },
      ]);
      const { inventory: afterReboot } = testHost(recordOf({ process: earlier }));
      expect((await afterReboot()).apps).toMatchObject([{ live: true, record: { process: { pid } } }]);
    },
  );

  test.runIf(hasProc)('names what all apps have left behind, by one look at all processes', async () => {
    const { pid } = await script('echo ready; exec sleep 1000', { BUNCTL_APP: `a:${nonceOf('a', 1)}` });
    const { inventory, allEscaped } = testHost(
      recordOf({ state: STOPPED }),
      recordOf({ id: 'b', state: STOPPED }),
    );
    await inventory();
    expect(await allEscaped()).toEqual([['a', [pid]]]);
  });

  test.runIf(hasProc)('sees an adopted process end, and its whole group with it', async () => {
    const { pid, lines } = await script('sleep 1000 & echo $!; echo ready; wait');
    const { inventory, notices } = testHost(recordOf({ process: identify(pid) }));
    const { sequence } = await inventory();
    process.kill(pid, 'SIGKILL');
    expect(await notices(sequence)).toMatchObject([
      { type: 'exited', id: 'a', pid, exit: { unknown: true } },
    ]);
    expect(alive(Number(lines[0]))).toBe(false);
    expect((await inventory()).apps).toMatchObject([{ live: false, exit: { unknown: true } }]);
  });

  test('starts no second process of an app that has one', async () => {
    const { spawn, inventory } = testHost();
    await inventory();
    const { pid } = await spawn('a', decided);
    await expect(spawn('a', decided)).rejects.toThrow('a runs already');
    expect((await inventory()).apps).toMatchObject([{ live: true, record: { process: { pid } } }]);
  });

  test('tells a new supervisor of a process that the former one was starting, and starts no second one', async () => {
    const { spawn, remove, inventory } = testHost();
    await inventory();
    const spawned = spawn('a', { ...decided, state: starting });
    // The former supervisor has died, and nobody waits for its spawn.
    await expect(spawn('a', decided)).rejects.toThrow('a runs already');
    await expect(remove('a')).rejects.toThrow('a still runs');
    const { apps } = await inventory();
    const { pid } = await spawned;
    expect(apps).toMatchObject([{ live: true, record: { process: { pid } } }]);
  });

  test.runIf(hasFifos)(
    'knows an app whose files cannot be removed, saves what becomes of it, and removes it later',
    async () => {
      const { files, inventory, remove, save, recordOnDisk } = testHost(recordOf({ state: STOPPED }));
      await inventory();
      // Nobody can remove anything from a folder that is none, root included.
      writeFileSync(files.pipes, '');
      await expect(remove('a')).rejects.toThrow(/^its files cannot be removed: ENOTDIR: .*pipes/);
      expect((await inventory()).apps).toMatchObject([{ live: false, record: { id: 'a' } }]);
      await save('a', { ...decided, state: { ...STOPPED, restarts: 7 } });
      expect(recordOnDisk().state.restarts).toBe(7);
      rmSync(files.pipes);
      await remove('a');
      expect((await inventory()).apps).toEqual([]);
      expect(readdirSync(files.apps)).toEqual([]);
    },
  );

  test('knows an app whose record cannot be removed, and does not remove that later by itself', async () => {
    const { made, files, inventory, remove, stopped } = testHost(recordOf({ state: STOPPED }));
    await inventory();
    // A directory in the place of the record: not even root can unlink it.
    rmSync(files.app('a'));
    mkdirSync(files.app('a'));
    await expect(remove('a')).rejects.toThrow('its files cannot be removed');
    expect((await inventory()).apps).toMatchObject([{ live: false, record: { id: 'a' } }]);
    rmSync(files.app('a'), { recursive: true });
    writeFileSync(files.app('a'), 'another');
    stopped();
    await made.shutDown();
    expect(readdirSync(files.apps)).toEqual(['a.json']);
  });

  test('tells a new supervisor nothing of an app that the former one was removing', async () => {
    const { inventory, remove } = testHost(recordOf({ state: STOPPED }));
    await inventory();
    const removed = remove('a');
    expect((await inventory()).apps).toEqual([]);
    await removed;
  });

  test('ends a process that was being started when the daemon is told to end', async () => {
    const { made, spawn, stopped, inventory } = testHost();
    await inventory();
    const spawned = spawn('a', { ...decided, state: starting });
    stopped();
    await made.shutDown();
    const { pid } = await spawned;
    await until(() => !alive(pid), 'it has ended');
  });

  test('ends at a shutdown what nobody has stopped', async () => {
    const { made, spawn, stopped, inventory } = testHost();
    await inventory();
    const { pid } = await spawn('a', decided);
    stopped();
    await made.shutDown();
    await until(() => !alive(pid), 'it has ended');
  });

  test('starts no new app that the next daemon would not know', async () => {
    const { files, spawn, inventory } = testHost();
    mkdirSync(`${files.app('a')}.new`);
    await expect(spawn('a', decided)).rejects.toThrow('its state cannot be written');
    expect((await inventory()).apps).toEqual([]);
  });

  test.runIf(hasProc)(
    'starts a known app though its state cannot be written, and the next daemon finds the process',
    async () => {
      const first = testHost();
      await first.inventory();
      const { pid } = await first.spawn('a', { ...decided, state: starting });
      await first.save('a', { ...decided, state: { ...starting, status: 'Running', pid } });
      first.signal('a', 'SIGKILL');
      await until(async () => !(await first.inventory()).apps[0]?.live, 'it has ended');
      // As on a full disk: the record tells of the first process for ever.
      mkdirSync(`${first.files.app('a')}.new`);
      const second = await first.spawn('a', { ...decided, state: starting });
      const onDisk = first.recordOnDisk();
      expect(onDisk.process?.pid).toBe(pid);
      const next = testHost(onDisk);
      expect((await next.inventory()).apps).toMatchObject([
        { live: true, record: { process: { pid: second.pid } } },
      ]);
      rmSync(`${first.files.app('a')}.new`, { recursive: true });
    },
  );

  test('numbers the runs of an app, and each has its mark', async () => {
    const { spawn, signal, inventory, recordOnDisk } = testHost(
      recordOf({ state: STOPPED, nonce: nonceOf('abcd', 255) }),
    );
    await inventory();
    await spawn('a', decided);
    expect(recordOnDisk().nonce).toBe(nonceOf('abcd', 256));
    signal('a', 'SIGKILL');
  });

  /** A host with an app that is stopped and has left processes behind in an earlier run. */
  const leftBehind = (milliseconds: number) => {
    const config = {
      ...SLEEPS,
      stop_timeout: { secs: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 },
    };
    return testHost(recordOf({ config, state: STOPPED, nonce: nonceOf('a', 7) }));
  };
  const markedAs = (shared: string) => ({ BUNCTL_APP: `a:${nonceOf(shared, 1)}` });

  test.runIf(hasProc)(
    'names what an app has left behind, whatever its state, and asks it to end on request',
    async () => {
      const left = await script(
        'trap "echo asked; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
        markedAs('a'),
      );
      const stranger = await script('echo ready; exec sleep 1000', markedAs('b'));
      const { inventory, spawn, escaped, endEscaped } = leftBehind(900_000);
      await inventory();
      expect(await escaped('a')).toContain(left.pid);
      expect(await escaped('a')).not.toContain(stranger.pid);
      const { pid } = await spawn('a', decided);
      expect(await escaped('a')).toContain(left.pid);
      expect(await escaped('a')).not.toContain(pid);
      expect(await endEscaped('a')).toEqual([]);
      expect([left.pid, stranger.pid, pid].map(alive)).toEqual([false, true, true]);
      // Its end is seen at once, what it printed by an event of its own.
      await until(() => left.lines.length === 2, 'what it printed is read');
      expect(left.lines).toEqual(['ready', 'asked']);
    },
  );

  test.runIf(hasProc)(
    'ends what the last runs of an app left behind, and nothing of a run that begins meanwhile',
    async () => {
      const left = await script('trap "echo asked" TERM; echo ready; while :; do sleep 0.05; done', {
        BUNCTL_APP: `a:${nonceOf('a', 7)}`,
      });
      const { inventory, spawn, endEscaped } = leftBehind(900_000);
      await inventory();
      const ended = endEscaped('a', 1);
      await until(() => left.lines.includes('asked'), 'it is asked to end');
      const { pid } = await spawn('a', decided);
      // As a helper of the new run that has left its group.
      const helper = await script('echo ready; exec sleep 1000', { BUNCTL_APP: `a:${nonceOf('a', 8)}` });
      process.kill(left.pid, 'SIGKILL');
      expect(await ended).toEqual([]);
      expect([left.pid, pid, helper.pid].map(alive)).toEqual([false, true, true]);
    },
  );

  test.runIf(hasProc)(
    'kills what an app has left behind if it does not end within the stop timeout',
    async () => {
      const { pid } = await script('trap "" TERM; echo ready; while :; do sleep 0.05; done', markedAs('a'));
      const { inventory, endEscaped } = leftBehind(100);
      await inventory();
      expect(await endEscaped('a')).toEqual([]);
      expect(alive(pid)).toBe(false);
    },
  );

  test.runIf(hasProc).each([true, false])(
    'kills the apps when nobody stops them in a shutdown, and what they left behind if that is wanted: %s',
    async (wanted) => {
      const left = await script('trap "" TERM; echo ready; while :; do sleep 0.05; done', markedAs('a'));
      const { made, clock, inventory, spawn, killEscaped } = leftBehind(1000);
      await inventory();
      const { pid } = await spawn('a', decided);
      if (wanted) killEscaped();
      const ended = made.shutDown();
      clock.advance(60_000);
      await ended;
      await until(() => !alive(pid), 'the app has ended');
      expect(alive(left.pid)).toBe(!wanted);
    },
  );

  test.runIf(hasFifos)('makes the folder of the logs again if somebody has removed it', async () => {
    const { files, spawn, inventory } = testHost();
    await inventory();
    rmSync(files.logs, { recursive: true });
    await spawn('a', decided);
    expect(readdirSync(files.logs).sort()).toEqual(['a.all.log']);
    expect(statSync(files.logs).mode & 0o777).toBe(0o700);
  });

  test.runIf(hasFifos)('names the log file that cannot be opened', async () => {
    const { files, spawn, inventory } = testHost();
    await inventory();
    rmSync(files.logs, { recursive: true });
    writeFileSync(files.logs, 'not a folder');
    await expect(spawn('a', decided)).rejects.toThrow(
      `Not a directory (os error 20): its log file ${files.log('a')} cannot be opened`,
    );
  });

  test('checks whether a process can be started without starting one', async () => {
    const { checkSpawn, inventory } = testHost();
    await expect(checkSpawn('a', SLEEPS, null)).resolves.toBeUndefined();
    const command = join('/', 'no', 'such');
    const absent = parseAppConfig(JSON.stringify({ name: 'a', command }));
    await expect(checkSpawn('a', absent, null)).rejects.toThrow(
      `Process spawn failed: ${command}: No such file`,
    );
    expect((await inventory()).apps).toEqual([]);
  });

  test.runIf(scriptsStart)(
    'names the cause also when it starts a process, since an automatic start is not checked before',
    async () => {
      const { files, spawn, inventory } = testHost();
      await inventory();
      const command = join(files.logs, 'program');
      writeFileSync(command, '#!/no/such/interpreter\n', { mode: 0o755 });
      await expect(spawn('a', { ...decided, config: { ...SLEEPS, command } })).rejects.toThrow(
        'names the interpreter /no/such/interpreter, which is not there',
      );
    },
  );

  test.runIf(hasFifos)(
    'checks the log files of an app that is known, and makes none for another',
    async () => {
      const { files, checkSpawn, spawn, inventory } = testHost();
      await inventory();
      await checkSpawn('a', SLEEPS, null);
      expect(readdirSync(files.logs)).toEqual([]);
      await spawn('a', decided);
      rmSync(files.log('a'));
      mkdirSync(files.log('a'));
      await expect(checkSpawn('a', SLEEPS, null)).rejects.toThrow(
        `its log file ${files.log('a')} cannot be opened`,
      );
    },
  );

  describe.runIf(hasProc)('without descriptors just after a spawn', () => {
    /** Looks at processes fail this often. Gives the number of the last one that was looked at. */
    function blind(times: number): { pid: () => number } {
      const real = system.statOf;
      let last = 0;
      let left = times;
      const look = vi.spyOn(system, 'statOf').mockImplementation((pid, age) => {
        last = pid;
        left -= 1;
        if (left >= 0) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
        return real(pid, age);
      });
      onTestFinished(() => look.mockRestore());
      return { pid: () => last };
    }

    test('takes the process over as soon as there are some', async () => {
      const { inventory, spawn } = testHost();
      await inventory();
      blind(3);
      const { pid } = await spawn('a', decided);
      expect((await inventory()).apps).toMatchObject([{ live: true, record: { process: { pid } } }]);
    });

    test('ends the process when the start fails for that', async () => {
      const { inventory, spawn } = testHost();
      await inventory();
      const { pid } = blind(Infinity);
      await expect(spawn('a', decided)).rejects.toThrow('its start time cannot be read: EMFILE');
      const started = pid();
      expect(started).not.toBe(process.pid);
      await until(() => !alive(started), 'it is gone');
      expect((await inventory()).apps).toMatchObject([{ live: false }]);
    });
  });

  test.runIf(argumentsAreBounded).each<[string, object]>([
    ['argument 2 has', { args: ['x', 'x'.repeat(3_000_000)] }],
    ['the variable BIG has', { env: { BIG: 'x'.repeat(3_000_000) } }],
  ])('checks whether the kernel would refuse a process: %s too many bytes', async (why, config) => {
    const { checkSpawn } = testHost();
    await expect(checkSpawn('a', { ...SLEEPS, ...config }, null)).rejects.toThrow(
      `Argument list too long (os error 7): ${why}`,
    );
  });

  test.runIf(argumentsAreBounded)(
    'checks the size of all arguments and variables together, as the kernel does',
    async () => {
      const { checkSpawn } = testHost();
      /** Whether the kernel starts a process with so many variables of 100,000 bytes, and whether the check passes. */
      const tried = async (count: number): Promise<[boolean, string]> => {
        const env = Object.fromEntries(
          Array.from({ length: count }, (_, n) => [`V${n}`, 'x'.repeat(100_000)]),
        );
        const { status } = spawnSync('/bin/true', { env });
        const checked = checkSpawn('a', { ...SLEEPS, env }, {});
        return [status === 0, await checked.then(() => 'passes', String)];
      };
      let most = 0;
      for (let count = 1; ; count += 1) {
        const [starts, check] = await tried(count);
        if (!starts) {
          expect(check).toContain('Argument list too long (os error 7): its arguments and variables take');
          break;
        }
        expect(check).toBe('passes');
        most = count;
      }
      expect(most).toBeGreaterThan(0);
    },
  );

  test.runIf(usersHaveNumbers)('checks whether an app may run as its user and group', () => {
    const [user, group] = [vi.spyOn(process, 'getuid'), vi.spyOn(process, 'getgid')];
    onTestFinished(() => void vi.restoreAllMocks());
    user.mockReturnValue(1000);
    group.mockReturnValue(100);
    expect(() => checkIds({ uid: 1000, gid: 100 })).not.toThrow();
    expect(() => checkIds({ uid: null, gid: null })).not.toThrow();
    expect(() => checkIds({ uid: 0, gid: null })).toThrow('only root can run an app as another user (0)');
    expect(() => checkIds({ uid: null, gid: 0 })).toThrow('only root can run an app with another group (0)');
    user.mockReturnValue(0);
    expect(() => checkIds({ uid: 7, gid: 7 })).not.toThrow();
  });

  test('writes the records of its apps again when somebody has removed them, and not that of a removed app', async () => {
    const { files, inventory, remove, recordOnDisk } = testHost(recordOf(), recordOf({ id: 'b' }));
    await inventory();
    await remove('b');
    rmSync(files.apps, { recursive: true });
    await until(() => existsSync(files.app('a')), 'it is there again');
    expect(recordOnDisk()).toMatchObject({ id: 'a', state: { status: 'Running' } });
    rmSync(files.app('a'));
    await until(() => existsSync(files.app('a')), 'it is there again');
    expect(readdirSync(files.apps)).toEqual(['a.json']);
  });

  test.runIf(process.getuid?.() === 0)(
    'lets an app that runs as another user open its own output',
    async () => {
      const { directory, files, spawn, inventory, notices, syncOutput } = testHost();
      const script =
        'echo one > /dev/stdout; echo two >> /dev/stdout; echo three >&2; echo four >> /dev/stderr; id -u';
      const config = { ...SLEEPS, command: 'sh', args: ['-c', script], cwd: '/', uid: 65_534 };
      const { sequence } = await inventory();
      const { pid } = await spawn('a', { ...decided, config });
      expect(await notices(sequence)).toMatchObject([{ pid, exit: { code: 0 } }]);
      await syncOutput('a');
      expect(printedBy(directory, 'a', 'stdout')).toBe('one\ntwo\n65534\n');
      expect(printedBy(directory, 'a', 'stderr')).toBe('three\nfour\n');
      const { uid, mode } = statSync(files.log('a'));
      expect([uid, mode & 0o777]).toEqual([65_534, 0o600]);
      // The next run as our own user takes them back.
      await spawn('a', decided);
      await until(() => statSync(files.log('a')).uid === 0, 'it belongs to our own user');
    },
  );
});
