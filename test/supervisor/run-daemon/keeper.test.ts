// What apps print survives the death of the daemon, of the keeper, and of both; and the daemon comes back by itself.
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { removeDirectory } from '../../support/endpoints.js';
import { foreground } from '../../support/foreground.js';
import { alive, Manager, start, statusOf, untilState } from '../../support/manager.js';
import { hasFifos, hasProc } from '../../support/platform.js';
import { until } from '../../support/until.js';

/** A pipe holds as much; a keeper that is killed may have read it and not written it yet. */
const PIPE = 64 * 1024;

/** The number of the keeper's process, by its arguments. */
function keeperOf(manager: Manager): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !alive(Number(name))) continue;
    try {
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (args.some((arg) => arg.endsWith('/keeper.js')) && args.includes(manager.state)) return Number(name);
    } catch {
      // It has just ended.
    }
  }
  return undefined;
}

async function nextKeeper(manager: Manager, former: number | undefined): Promise<number> {
  await until(() => (keeperOf(manager) ?? former) !== former, 'there is another keeper');
  return keeperOf(manager) as number;
}

async function killBoth(manager: Manager): Promise<void> {
  const keeper = keeperOf(manager) as number;
  const daemon = await manager.pid();
  process.kill(daemon, 'SIGKILL');
  process.kill(keeper, 'SIGKILL');
  await until(() => !alive(daemon) && !alive(keeper), 'both are dead');
}

function endOf(pid: number): void {
  if (alive(pid)) process.kill(pid, 'SIGKILL');
}

/** A manager whose app `a` prints all the time, and whose keeper is stopped. */
async function withStoppedKeeper() {
  const manager = new Manager();
  const client = await manager.daemon();
  await client.request(start('a', 'while :; do echo tick; sleep 0.1; done'));
  await until(() => printed(manager, 'a').includes('tick'), 'it is read');
  const keeper = keeperOf(manager) as number;
  process.kill(keeper, 'SIGSTOP');
  onTestFinished(() => endOf(keeper));
  return { manager, client, keeper };
}

/** What an app has printed, without headers. */
function printed(manager: Manager, id: string): string[] {
  const text = readFileSync(stateFiles(manager.state).log(id), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(29));
}

/** Counts as fast as it can, and waits in between so that the test can act. */
const COUNTS = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; echo done; sleep 1000';

async function untilDone(manager: Manager, id: string): Promise<void> {
  await until(() => printed(manager, id).at(-1) === 'done', `${id} has printed all`);
}

describe.runIf(hasFifos && hasProc)('the output of an app', () => {
  test('arrives in order and once, in whatever way the app opens its stdout and stderr', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    // What is still in the group is ended with its leader.
    const left = join(manager.home, 'left');
    const script = [
      'echo one',
      'echo two > /dev/stderr',
      'sleep 0.1; echo three > /dev/stdout',
      'sleep 0.1; echo four > /proc/self/fd/1',
      'sleep 0.1; echo five >> /dev/stderr',
      `(setsid sh -c 'touch "${left}"; sleep 0.2; echo six' &)`,
      `while [ ! -e '${left}' ]; do sleep 0.02; done`,
    ];
    await client.request(start('a', script.join('; '), { restart_policy: 'no' }));
    await until(() => printed(manager, 'a').length === 6, 'all is there');
    expect(printed(manager, 'a')).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  test('is complete when the daemon is killed; the daemon comes back by itself, and says so', async () => {
    const manager = new Manager({ BUNCTL_RESPAWN: '1' });
    const client = await manager.daemon();
    await client.request(start('a', COUNTS));
    const { pid } = await statusOf(client, 'a');
    const former = await manager.pid();
    process.kill(former, 'SIGKILL');
    await client.whenClosed;
    await until(async () => (await manager.run('ping')).code === 0, 'it is back');
    const ping = await manager.run('ping');
    expect(ping.stderr).toContain(`process ${former}, the daemon before it, had died`);
    expect(await manager.status('a')).toMatchObject({ pid, state: 'Running' });
    expect(manager.daemonLog()).toContain(`"replaces":${former}`);
    await untilDone(manager, 'a');
    expect(printed(manager, 'a').slice(0, -1)).toEqual(Array.from({ length: 3000 }, (_, n) => String(n + 1)));
    // Told to end, it stays away, and the keeper goes with it.
    const keeper = keeperOf(manager) as number;
    await manager.ok('shutdown');
    await until(() => !alive(keeper), 'the keeper has ended');
    expect((await manager.run('ping')).code).toBe(6);
  });

  test('is not waited for by a keeper whose daemon came back without apps and is told to end: both are gone then', async () => {
    const manager = new Manager({ BUNCTL_RESPAWN: '1' });
    const client = await manager.daemon();
    await client.request(start('a', 'exec sleep 1000'));
    const keeper = keeperOf(manager) as number;
    onTestFinished(() => endOf(keeper));
    await client.request({ Delete: { name: 'a' } });
    await manager.killDaemon();
    await until(async () => (await manager.run('ping')).code === 0, 'it is back');
    await manager.ok('shutdown');
    await until(() => !alive(keeper), 'the keeper has ended');
    expect((await manager.run('ping')).code).toBe(6);
    expect(manager.daemonLog()).not.toContain('that was started again ended with');
  });

  test('is that of one process when a daemon in the foreground, with a relative state directory, is killed', async () => {
    const manager = new Manager();
    // From the folder of the next daemon it would be another one.
    const relative = join(manager.home, 'state').slice(1);
    manager.env['BUNCTL_STATE_DIR'] = join(manager.home, relative);
    const first = foreground(manager, ['-q'], { BUNCTL_STATE_DIR: relative, BUNCTL_RESPAWN: '1' });
    await until(() => first.stdout().includes('listens'), 'it listens');
    const client = await manager.connect();
    await client.request(start('a', 'exec sleep 1000'));
    const { pid } = await statusOf(client, 'a');
    first.child.kill('SIGKILL');
    await first.ended;
    await until(async () => (await manager.run('ping')).code === 0, 'it is back');
    expect(JSON.parse(await manager.ok('status', 'a', '-j'))).toMatchObject({ state: 'Running', pid });
    expect(existsSync(join(manager.home, 'state'))).toBe(false);
  });

  test('is that of the environment of the last daemon, which has adopted the app and was killed, and not of the first one', async () => {
    const manager = new Manager({ LC_DATABASE: 'first' });
    const client = await manager.daemon();
    await client.request(start('a', 'echo "by $LC_DATABASE"; exec sleep 1000'));
    await until(() => printed(manager, 'a').includes('by first'), 'it prints');
    // The keeper is that of the first daemon all the time.
    const keeper = keeperOf(manager);
    await manager.killDaemon();
    manager.env['LC_DATABASE'] = 'second';
    manager.env['BUNCTL_RESPAWN'] = '1';
    await manager.launch();
    const second = await manager.pid();
    await manager.killDaemon();
    await until(async () => (await manager.run('ping')).code === 0, 'it is back');
    expect(manager.daemonLog()).toContain(`"replaces":${second}`);
    await (await manager.connect()).request({ Restart: { name: 'a' } });
    await until(() => printed(manager, 'a').length === 2, 'it prints again');
    expect(printed(manager, 'a')).toEqual(['by first', 'by second']);
    expect(keeperOf(manager)).toBe(keeper);
  });

  test('is complete but for what a killed keeper had read; another one goes on where it was', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', COUNTS));
    const { pid } = await statusOf(client, 'a');
    let keeper: number | undefined;
    for (let round = 0; round < 2; round += 1) {
      keeper = await nextKeeper(manager, keeper);
      process.kill(keeper, 'SIGKILL');
    }
    await nextKeeper(manager, keeper);
    await untilDone(manager, 'a');
    const numbers = printed(manager, 'a').slice(0, -1).map(Number);
    // Each once and in order; what is missing is at most what two keepers held.
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const missing = Array.from({ length: 3000 }, (_, n) => n + 1).filter((n) => !numbers.includes(n));
    expect(missing.join('\n').length).toBeLessThanOrEqual(2 * PIPE);
    expect(await statusOf(client, 'a')).toMatchObject({ pid, state: 'Running' });
  });

  test('waits in the FIFO while daemon and keeper are both dead', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const told = join(manager.home, 'go on');
    const script = `echo before; while [ ! -e '${told}' ]; do sleep 0.05; done; echo while; touch '${told}.done'; sleep 1000`;
    await client.request(start('a', script));
    await until(() => printed(manager, 'a').includes('before'), 'it prints');
    const { pid } = await statusOf(client, 'a');
    await killBoth(manager);
    writeFileSync(told, '');
    await until(() => readdirSync(manager.home).includes('go on.done'), 'it has printed more');
    expect(alive(pid)).toBe(true);
    await manager.ok('list');
    await until(() => printed(manager, 'a').includes('while'), 'it is read');
    expect(printed(manager, 'a')).toEqual(['before', 'while']);
  });

  test('is counted on a full disk, and the count outlives daemon and keeper, and goes with the app', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const { logs, log, pipes } = stateFiles(manager.state);
    for (const id of ['runs', 'ended']) symlinkSync('/dev/full', log(id));
    await client.request(start('runs', 'echo one; echo two; exec sleep 1000'));
    await client.request(start('ended', 'echo one; echo two; exit 0', { restart_policy: 'no' }));
    await untilState(client, 'ended', 'Stopped');
    const counted = (id: string): string => {
      const file = readdirSync(pipes).find((name) => name === `${id}.all.log.unwritten`);
      return file === undefined ? '' : readFileSync(join(pipes, file), 'utf8');
    };
    for (const id of ['runs', 'ended'])
      await until(() => counted(id).includes('"bytes":8'), `it is counted for ${id}`);
    await killBoth(manager);
    for (const id of ['runs', 'ended']) rmSync(log(id));
    await manager.ok('list');
    for (const id of ['runs', 'ended'])
      await until(
        () => readdirSync(logs).includes(`${id}.all.log`) && printed(manager, id).length === 1,
        `the log of ${id} says what is missing`,
      );
    for (const id of ['runs', 'ended'])
      expect(printed(manager, id)[0]).toMatch(/^8 bytes with 2 line ends are missing here/);
    await manager.ok('delete', 'all', '-f');
    expect(readdirSync(pipes)).toEqual([]);
  });

  test('goes on when the folders of FIFOs and logs are removed, and then the keeper, and then both die', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const { logs, pipes } = stateFiles(manager.state);
    const told = join(manager.home, 'go');
    const round = (n: number): string =>
      `echo before ${n}; touch '${told}.${n}.ready'; while [ ! -e '${told}.${n}' ]; do sleep 0.02; done; echo after ${n}`;
    // The second app has its FIFOs where the keeper looks for them: what the first one lacks is not its fault.
    const script = `${[1, 2, 3].map(round).join('; ')}; exec sleep 1000`;
    await client.request(start('a', script));
    await client.request(start('b', `exec >/dev/null; ${script.replaceAll('echo', 'echo >&2 ')}`));
    const goesOn = async (n: number, change: () => Promise<void>): Promise<void> => {
      await until(() => existsSync(`${told}.${n}.ready`), 'the apps are there');
      await change();
      writeFileSync(`${told}.${n}`, '');
      for (const id of ['a', 'b'])
        await until(
          () =>
            existsSync(logs) &&
            readdirSync(logs).includes(`${id}.all.log`) &&
            printed(manager, id).includes(`after ${n}`),
          `${id} goes on`,
        );
    };
    await goesOn(1, async () => {
      for (const id of ['a', 'b'])
        await until(() => printed(manager, id).includes('before 1'), `what ${id} said is read`);
      removeDirectory(pipes);
      removeDirectory(logs);
    });
    await goesOn(2, async () => {
      const keeper = keeperOf(manager) as number;
      process.kill(keeper, 'SIGKILL');
      await nextKeeper(manager, keeper);
    });
    await goesOn(3, async () => {
      await killBoth(manager);
      await manager.ok('list');
    });
    expect(manager.daemonLog()).toContain('was removed or renamed');
    // A new run has FIFOs of its own, and the log of the former one goes on.
    await manager.ok('restart', 'a');
    await until(() => printed(manager, 'a').filter((line) => line === 'after 3').length === 2, 'it is read');
    expect(readdirSync(pipes)).toContain('a.out');
  });

  test('of a process that has left the app and outlives the daemon is still read; then the keeper ends', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const told = join(manager.home, 'go on');
    const leaves = `setsid sh -c 'touch "${told}.left"; while [ ! -e "${told}" ]; do sleep 0.05; done; echo last'`;
    const script = `${leaves} & while [ ! -e '${told}.left' ]; do sleep 0.02; done; echo first`;
    await client.request(start('a', script, { restart_policy: 'no' }));
    await untilState(client, 'a', 'Stopped');
    await until(() => printed(manager, 'a').includes('first'), 'it is read');
    const keeper = keeperOf(manager) as number;
    onTestFinished(() => writeFileSync(told, ''));
    await manager.ok('shutdown');
    expect(alive(keeper)).toBe(true);
    writeFileSync(told, '');
    await until(() => !alive(keeper), 'the keeper has ended');
    expect(printed(manager, 'a')).toEqual(['first', 'last']);
  });

  test('of a process that a deleted app has left is read to its end, by the next keeper too, and then its FIFOs go', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const { pipes } = stateFiles(manager.state);
    const told = join(manager.home, 'go');
    onTestFinished(() => {
      for (const n of [1, 2]) writeFileSync(`${told}.${n}`, '');
    });
    const wait = (n: number): string =>
      `touch '${told}.${n}.ready'; while [ ! -e '${told}.${n}' ]; do sleep 0.02; done`;
    const left = `trap '' TERM; echo first; ${wait(1)}; seq 20000; ${wait(2)}`;
    await client.request(start('a', `setsid sh -c "${left.replaceAll('$', '\\$')}" & exec sleep 1000`));
    await until(() => existsSync(`${told}.1.ready`), 'it has left a process');
    await client.request({ Delete: { name: 'a' } });
    const keeper = keeperOf(manager) as number;
    process.kill(keeper, 'SIGKILL');
    await nextKeeper(manager, keeper);
    writeFileSync(`${told}.1`, '');
    // More than the FIFO holds.
    await until(() => existsSync(`${told}.2.ready`), 'it has printed all');
    await until(() => printed(manager, 'a').at(-1) === '20000', 'it is read');
    expect(printed(manager, 'a')).toHaveLength(20_001);
    expect(readdirSync(pipes)).toEqual(expect.arrayContaining(['a.err', 'a.out']));
    writeFileSync(`${told}.2`, '');
    await until(() => readdirSync(pipes).length === 0, 'its FIFOs are gone');
  });

  test('is read by another keeper when one is stopped; commands answer meanwhile, and doctor says so', async () => {
    const { manager, client, keeper } = await withStoppedKeeper();
    const asked = { timeout: 20_000 };
    await client.request('List', asked);
    await client.request(start('b', 'echo new; exec sleep 1000'), asked);
    await client.request({ Stop: { name: 'a' } }, asked);
    await until(() => !alive(keeper), 'it is replaced');
    await until(() => printed(manager, 'b').includes('new'), 'the next one reads');
    expect((await manager.run('doctor')).stdout).toContain(
      `keeper of the output (process ${keeper}) was stopped (SIGSTOP) and was replaced`,
    );
  });

  test('is read by another keeper when the daemon was killed and the keeper is stopped', async () => {
    const { manager, keeper } = await withStoppedKeeper();
    await manager.killDaemon();
    await manager.ok('list');
    await manager.ok('start', 'b', '--', 'sh', '-c', 'echo new; exec sleep 1000');
    await until(() => !alive(keeper), 'it is replaced');
    await until(() => printed(manager, 'b').includes('new'), 'the next one reads');
    const before = printed(manager, 'a').length;
    await until(() => printed(manager, 'a').length > before, 'it reads the app that was adopted');
    expect((await manager.status('a')).state).toBe('Running');
  });

  test('is read by one keeper alone, though the socket of the former one was removed', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    await client.request(start('a', COUNTS));
    const keeper = keeperOf(manager) as number;
    onTestFinished(() => endOf(keeper));
    rmSync(stateFiles(manager.state).keeper);
    await manager.killDaemon();
    await manager.ok('list');
    await until(() => !alive(keeper), 'the former one is gone');
    await untilDone(manager, 'a');
    const numbers = printed(manager, 'a').slice(0, -1).map(Number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  test('is read in a state directory whose path is too long for a socket', async () => {
    const deep = 'd'.repeat(60);
    const manager = new Manager();
    manager.env['BUNCTL_STATE_DIR'] = join(manager.home, 'state', deep, deep);
    await manager.ok('start', 'a', '--restart', 'no', '--', 'echo', 'deep');
    await until(async () => (await manager.ok('logs', 'a')).includes('deep'), 'it is read');
    expect((await manager.ok('status', 'a')).replaceAll('\n', ' ')).toContain('a.all.log');
    await manager.ok('delete', 'all', '-f');
    await manager.ok('shutdown');
  });
});
