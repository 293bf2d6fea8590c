// Every command that a message tells the user to type works when it is typed.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as remove from '#dist/cli/commands/delete.js';
import * as logs from '#dist/cli/commands/logs.js';
import * as restart from '#dist/cli/commands/restart.js';
import * as start from '#dist/cli/commands/start.js';
import * as status from '#dist/cli/commands/status.js';
import * as stop from '#dist/cli/commands/stop.js';
import { CLI, type Manager, type Ran, sharedManager } from '../../support/manager.js';
import { hasShell } from '../../support/platform.js';

/** Runs a line in a shell, with `bunctl` in its PATH. */
function type(manager: Manager, line: string): Ran {
  const bin = join(manager.home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'bunctl'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(join(bin, 'bunctl'), 0o755);
  const { stdout, stderr, status } = spawnSync('sh', ['-c', line], {
    cwd: manager.home,
    env: { ...manager.env, PATH: `${bin}${delimiter}${process.env['PATH']}` },
    encoding: 'utf8',
  });
  return { stdout, stderr, code: status };
}

const SLEEPER = 'setInterval(() => {}, 1000)';

describe.skipIf(!hasShell)('a hint works when it is typed', () => {
  const manager = sharedManager();

  test.each<[string, string, RegExp]>([
    ['an option of the app', 'bunctl start server.js --port 3000', /after --: (bunctl start .*)/],
    ['too many names', 'bunctl start server.js 8080', /after --: (bunctl start .*)/],
    [
      'too many names and a command',
      'bunctl start api 8080 -- node server.js "two words"',
      /after --: (bunctl start .*)/,
    ],
    [
      'a program and --name, as under pm2',
      'bunctl start sleep --name napper -- 1000',
      /is the program: (bunctl start .*)/,
    ],
    ['words as one command', 'bunctl start api --command "node server.js"', /type: (bunctl start .*)/],
    ['a file without a kind', 'bunctl start program', /to run it: (bunctl start .*)\. To start/],
    ['a file with blanks in its name', 'bunctl start "odd name"', /to run it: (bunctl start .*)\. To start/],
    ['a name for shutdown', 'bunctl start api -- sleep 9; bunctl shutdown api', /: (bunctl stop api)/],
    ['a typo', 'bunctl lsit', /Did you mean `(.*)`/],
    ['no apps', 'bunctl start a -- sleep 9; bunctl delete a -f; bunctl list', /To start one: (.*)/],
  ])('after %s', (_what, typed, pattern) => {
    writeFileSync(join(manager.home, 'server.js'), SLEEPER);
    for (const name of ['program', 'odd name'])
      writeFileSync(join(manager.home, name), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    const [, hint] = pattern.exec(type(manager, typed).stderr) ?? [];
    expect(hint).toBeDefined();
    // Words in capitals stand for what the user chooses.
    const line = hint?.replace('NAME', 'chosen').replace('COMMAND', 'sleep 1000').replace(' [ARGS…]', '');
    expect(type(manager, line ?? '')).toMatchObject({ code: 0 });
    expect(type(manager, 'bunctl doctor')).toMatchObject({ code: 0 });
  });

  test.each(['module.exports = { apps: [APP] }', 'export default { apps: [APP] }'])(
    'that converts a configuration file in JavaScript: %s',
    (content) => {
      writeFileSync(join(manager.home, 'server.js'), SLEEPER);
      const name = content.startsWith('export') ? 'it’s an ecosystem.config.mjs' : 'ecosystem.config.cjs';
      writeFileSync(
        join(manager.home, name),
        content.replace('APP', '{ name: "api", script: "server.js", args: ["two words"] }'),
      );
      const { code, stderr } = type(manager, `bunctl start "${name}"`);
      expect(code).toBe(2);
      const [, hint, file] = /This does it: (node .* > (.*))/.exec(stderr) ?? [];
      expect(type(manager, hint ?? 'false')).toMatchObject({ code: 0 });
      expect(type(manager, `bunctl start ${file}`)).toMatchObject({ code: 0 });
      expect(JSON.parse(type(manager, 'bunctl status api -j').stdout)).toMatchObject({
        command: 'node',
        args: [expect.stringContaining('server.js'), 'two words'],
      });
    },
  );

  test('that every help text gives as an example is understood', () => {
    writeFileSync(join(manager.home, 'server.js'), SLEEPER);
    writeFileSync(join(manager.home, 'worker.sh'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    const app = { name: 'web', command: 'sleep', args: ['1000'] };
    writeFileSync(join(manager.home, 'bunctl.json'), JSON.stringify({ apps: [app] }));
    const examples = (help: string): string[] =>
      help
        .split('Examples:\n')[1]
        ?.split('\n\n')[0]
        ?.split('\n')
        .map((line) => line.trim()) ?? [];
    for (const line of examples(start.help)) expect(type(manager, line)).toMatchObject({ code: 0 });
    for (const [command, { help }] of Object.entries({ restart, status, logs, stop, delete: remove }))
      for (const line of examples(help)) {
        // What goes on until Ctrl-C is tested elsewhere.
        if (/ -[fw]$/.test(line) && command !== 'delete') continue;
        const { code, stderr } = type(manager, line.replace(/ \| jq .*/, ''));
        expect([line, code, stderr]).toEqual([line, expect.toBeOneOf([0, 4]), expect.any(String)]);
      }
    expect(type(manager, 'bunctl start --help').stdout).toContain('Examples:');
  });
});
