// Whatever stdout, stderr and stdin are, a command does its work, says what went wrong, and shows no stack trace.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { CLI, Manager } from '../../support/manager.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';
import { hasFullDevice, hasShell } from '../../support/platform.js';
import { until } from '../../support/until.js';

const script = spawnSync('script', ['--version']).status === 0;

/** Runs a shell command in which `bunctl` is ours. */
async function shell(manager: Manager, command: string) {
  const child = spawn('sh', ['-c', `bunctl() { "${process.execPath}" "${CLI}" "$@"; }\n${command}`], {
    env: manager.env,
    cwd: manager.home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, code };
}

const withApp = (message: unknown) =>
  typeof message === 'object' && message !== null && !('Status' in message)
    ? success('Done')
    : data([status('a')]);

describe.runIf(hasFullDevice)('a full stdout', () => {
  test.each([['list'], ['list -j'], ['status'], ['ping'], ['doctor'], ['--version'], ['--help'], ['stop a']])(
    'makes bunctl %s end with 1 and a sentence',
    async (command) => {
      const manager = new Manager();
      await fakeDaemon(manager.socket, withApp);
      const { code, stderr } = await shell(manager, `bunctl ${command} > /dev/full`);
      expect(code).toBe(1);
      expect(stderr).toContain('Error: stdout cannot be written to: no space left on the device\n');
      expect(stderr).not.toMatch(/\n +at /);
    },
  );

  test.each([
    ['logs a -f'],
    ['logs a -f -j'],
    ['status -w'],
    ['status -w -j'],
    ['status a -w'],
    ['status a -w -j'],
  ])('makes bunctl %s, which goes on until Ctrl-C, end with 1 and a sentence', async (command) => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, (message) => {
      if (typeof message === 'object' && 'Logs' in message)
        return data({ type: 'single', app: 'a', logs: { output: ['a line'], errors: [] } });
      const isStatus = typeof message === 'object' && 'Status' in message;
      if (!isStatus) return success('Done');
      return data(message.Status.name === null ? [status('a')] : status('a'));
    });
    const { code, stderr } = await shell(manager, `bunctl ${command} > /dev/full`);
    expect(code).toBe(1);
    expect(stderr).toBe('Error: stdout cannot be written to: no space left on the device\n');
  });

  test.each([[''], [' -j']])('makes bunctl logs -f%s, which reads the files, end with 1', async (option) => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sh', '-c', 'echo a line; exec sleep 1000');
    await until(() => manager.printed('a') === 'a line\n', 'it has printed');
    const { code, stderr } = await shell(manager, `bunctl logs a -f${option} > /dev/full`);
    expect(code).toBe(1);
    expect(stderr).toBe('Error: stdout cannot be written to: no space left on the device\n');
  });

  test('makes bunctl daemon end with 1 and a sentence, when it is told to end', async () => {
    const manager = new Manager();
    const { code, stderr } = await shell(
      manager,
      `bunctl daemon > /dev/full &
      until bunctl ping > ping 2>&1; do sleep 0.05; done; bunctl shutdown; wait $!`,
    );
    expect(code).toBe(1);
    expect(stderr).toBe('Error: stdout cannot be written to: no space left on the device\n');
  });

  test('keeps no command from doing its work', async () => {
    const manager = new Manager();
    const daemon = await fakeDaemon(manager.socket, withApp);
    await shell(manager, 'bunctl stop a b c > /dev/full');
    expect(daemon.asked.map((message) => JSON.stringify(message)).sort()).toEqual(
      ['a', 'b', 'c'].map((name) => JSON.stringify({ Stop: { name } })),
    );
  });

  test('does not matter when only stderr is full', async () => {
    const manager = new Manager();
    expect(await shell(manager, 'bunctl list -j 2> /dev/full')).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
  });
});

describe.skipIf(!hasShell)('a stdout', () => {
  test('that is closed is not a failure', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, withApp);
    expect(await shell(manager, 'bunctl list >&-')).toMatchObject({ code: 0, stderr: '' });
    expect(await shell(manager, 'bunctl list -j >&- 2>&- <&-')).toMatchObject({ code: 0 });
  });

  test('that is not open for writing makes the command end with 1 and a sentence', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, withApp);
    const { code, stderr } = await shell(manager, 'bunctl list 1< /dev/null');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: stdout cannot be written to: EBADF/);
  });

  test('whose reader has gone ends the command quietly, and its work is done', async () => {
    const manager = new Manager();
    const daemon = await fakeDaemon(manager.socket, withApp);
    const ran = await shell(manager, '{ bunctl stop a b c; echo "code $?" >&2; } | true');
    expect(ran).toMatchObject({ code: 0, stderr: 'code 0\n' });
    expect(daemon.asked).toHaveLength(3);
  });

  test('that is a full pipe which does not block gets everything, in order', async () => {
    const manager = new Manager();
    const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n} of many that do not fit into a pipe`);
    const logs = { output: lines, errors: [] };
    await fakeDaemon(manager.socket, () => data({ type: 'single', app: 'a', logs }));
    // Node makes its stdout non-blocking, also for the processes that share it.
    const share = `process.stdout.write('');
      require('node:child_process').spawnSync(process.execPath, ${JSON.stringify([CLI, 'logs', 'a', '-l', '50000'])}, { stdio: 'inherit' });`;
    const child = spawn(process.execPath, ['-e', share], {
      env: manager.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    // The reader takes a little at a time, so that the pipe is full most of the time.
    for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk as string;
    expect(text.trimEnd().split('\n')).toEqual(lines);
  });
});

describe.skipIf(!script)('the question that delete asks', () => {
  /** Runs a command on a terminal of its own, and types an answer when it asks. */
  async function answered(manager: Manager, command: string, answer: string) {
    const child = spawn(
      'script',
      ['-qec', `"${process.execPath}" "${CLI}" ${command}; echo "code $?"`, '/dev/null'],
      { env: { ...manager.env, TERM: 'xterm' }, cwd: manager.home, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      const asked = text.includes('[y/N]');
      text += part;
      if (!asked && text.includes('[y/N]')) child.stdin.write(answer);
    });
    await once(child, 'close');
    return text;
  }

  test.each([
    ['Ctrl-D', '\x04', /Nothing was deleted\.\r\ncode 0/],
    ['Ctrl-C', '\x03', /Interrupted; nothing was done\.\r\n(.*\r\n)?code 130/],
    ['no', 'n\n', /Nothing was deleted\.\r\ncode 0/],
    ['yes', 'y\n', /Done\r\ncode 0/],
  ])('is answered by %s', async (_what, typed, outcome) => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, withApp);
    expect(await answered(manager, 'delete a', typed)).toMatch(outcome);
  });

  test('ends with 1 and a sentence when the terminal cannot be read', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, withApp);
    const text = await answered(manager, 'delete a 0> /dev/tty', '');
    expect(text).toMatch(/Error: The answer could not be read: .*\r\ncode 1/);
    expect(text).not.toMatch(/\n +at /);
  });

  test('is not asked where nobody can answer', async () => {
    const manager = new Manager();
    await fakeDaemon(manager.socket, withApp);
    for (const stdin of ['< /dev/null', '< /', '<&-', '0> /dev/null'])
      expect(await shell(manager, `bunctl delete a ${stdin}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--force') as string,
      });
  });
});
