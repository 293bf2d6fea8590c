// An app gets exactly what it was given: its process is compared with one that Node has spawned by itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Manager, statusOf } from '../../support/manager.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { hasProc } from '../../support/platform.js';
import { until } from '../../support/until.js';

/** What can be seen of a process from outside, without what is its own in any case. */
function seen(pid: number) {
  const proc = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  const fields = (name: string, wanted: RegExp): Record<string, string> =>
    Object.fromEntries(
      proc(name)
        .split('\n')
        .map((line) => /^(.+?)(?::\s+|\s{2,})(.*)$/.exec(line))
        .filter((found): found is RegExpExecArray => wanted.test(found?.[1] ?? ''))
        .map(([, key, value]) => [key as string, value as string]),
    );
  const stat = proc('stat')
    .slice(proc('stat').lastIndexOf(')') + 2)
    .split(' ');
  return {
    environment: proc('environ').split('\0').slice(0, -1).sort(),
    argv: proc('cmdline').split('\0').slice(0, -1),
    cwd: readlinkSync(`/proc/${pid}/cwd`),
    executable: readlinkSync(`/proc/${pid}/exe`),
    limits: fields('limits', /^Max /),
    status: fields(
      'status',
      /^(Umask|Uid|Gid|Groups|Sig(Blk|Ign|Cgt|Pnd)|ShdPnd|NoNewPrivs|Seccomp|Cap\w+|Name)$/,
    ),
    descriptors: readdirSync(`/proc/${pid}/fd`),
    input: readlinkSync(`/proc/${pid}/fd/0`),
    leads: { group: Number(stat[2]) === pid, session: Number(stat[3]) === pid },
    nice: stat[16],
  };
}

function stateOf(pid: number): string | undefined {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

const VARIABLES: Record<string, string> = {
  'a.b': 'dot',
  'a-b': 'dash',
  'a b': 'space',
  'ä→': 'unicode ☃',
  '1digit': 'x',
  'BASH_FUNC_greet%%': '() {  echo hello\n}',
  IFS: ',',
  PS1: '> ',
  OPTIND: '7',
  PPID: '1',
  EMPTY: '',
  LINES: 'one\ntwo\n',
  EQUALS: '=a=b',
  BUNCTL_TOKEN: 'of the user',
  SHLVL: '7',
  OLDPWD: '/somewhere',
  _: 'underscore',
};
const ARGUMENTS = [
  '',
  'two words',
  "it's",
  '"$HOME"',
  '$(id)',
  '*',
  '\\',
  'ä☃',
  'line\nbreak',
  '-x',
  '--',
  '=',
];

describe.runIf(hasProc)('an app’s process is as one that Node spawns', () => {
  test.each(['the daemon’s own limit of open files', 'a smaller limit of open files'])(
    'with %s',
    async (which) => {
      const hard = Number(
        /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
      );
      const soft = which.startsWith('a smaller') ? 1000 : hard;
      const manager = new Manager({ BUNCTL_OPEN_FILES: String(soft) });
      const child = manager.spawn(['daemon']);
      onTestFinished(async () => {
        const ended = once(child, 'exit');
        child.kill();
        await ended;
      });
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      const client = await manager.connect();
      const cwd = join(manager.home, 'a folder');
      mkdirSync(cwd);
      // It stops itself, so that it is looked at while it does nothing: a shell blocks signals while it forks.
      const [command, args] = ['sh', ['-c', 'kill -STOP $$; while :; do sleep 1000; done', ...ARGUMENTS]];
      const environment = {
        PATH: process.env['PATH'] ?? '',
        'inherited.x': 'y',
        'BASH_FUNC_inherited%%': '() { :\n}',
      };
      const config = JSON.stringify({ name: 'a', command, args, cwd, env: VARIABLES });
      expect(await client.request({ Start: { name: 'a', config, environment } })).toHaveProperty('Success');
      const pid = (await statusOf(client, 'a')).pid as number;
      const ready = (of: number) => until(() => stateOf(of) === 'T', 'it has stopped itself');
      await ready(pid);
      const app = seen(pid);
      process.kill(pid, 'SIGCONT');

      const file = openSync(join(temporaryDirectory(), 'output'), 'a');
      const plain = spawn(command, args, {
        cwd,
        env: { ...environment, PWD: cwd, ...VARIABLES, BUNCTL_SOCKET: manager.socket, BUNCTL_APP: 'x' },
        detached: true,
        stdio: ['ignore', file, file],
      });
      onTestFinished(() => void process.kill(-(plain.pid as number), 'SIGKILL'));
      await ready(plain.pid as number);
      const expected = seen(plain.pid as number);
      expected.limits['Max open files'] = (app.limits['Max open files'] as string).replace(
        /^\d+/,
        String(soft),
      );
      const mark = app.environment.find((line) => line.startsWith('BUNCTL_APP='));
      expect(mark).toMatch(/^BUNCTL_APP=a:[\da-f]{16}$/);
      expected.environment = expected.environment
        .map((line) => (line.startsWith('BUNCTL_APP=') ? (mark as string) : line))
        .sort();
      expect(app).toEqual(expected);
    },
  );

  test('and has every variable that the daemon has, if it was started without an environment', async () => {
    const manager = new Manager({ 'a.b': 'dot', 'BASH_FUNC_x%%': '() { :\n}', IFS: ',', EMPTY: '' });
    const child = manager.spawn(['daemon']);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const client = await manager.connect();
    const config = JSON.stringify({ name: 'a', command: 'sleep', args: ['1000'] });
    expect(await client.request({ Start: { name: 'a', config } })).toHaveProperty('Success');
    const { environment } = seen((await statusOf(client, 'a')).pid as number);
    expect(environment).toEqual(
      expect.arrayContaining(['a.b=dot', 'BASH_FUNC_x%%=() { :\n}', 'IFS=,', 'EMPTY=']) as string[],
    );
  });
});
