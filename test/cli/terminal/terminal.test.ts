// The commands in a terminal.
import { once } from 'node:events';
import { spawn, spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { CLI, Manager } from '../../support/manager.js';
import { until } from '../../support/until.js';
import { data, fakeDaemon, status, success } from '../fake-daemon.js';

const script = spawnSync('script', ['--version']).status === 0;

test.runIf(script)(
  'in a terminal: colour, a screen that is redrawn, and no control characters of an app',
  async () => {
    const manager = new Manager();
    await manager.ok('start', 'a', '--', 'sh', '-c', 'printf "\\033]0;owned\\007text\\n"; sleep 1000');
    await until(() => manager.printed('a').includes('text'), 'it has printed');
    const pty = (command: string, noColor = '') => {
      const child = spawn('script', ['-qec', `"${process.execPath}" "${CLI}" ${command}`, '/dev/null'], {
        env: { ...manager.env, NO_COLOR: noColor, TERM: 'xterm' },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      return { child, text: () => text };
    };
    const logs = pty('logs a');
    await once(logs.child, 'close');
    expect(logs.text()).toContain('text');
    expect(logs.text()).not.toContain('\x1b]0;');
    const list = pty('list');
    await once(list.child, 'close');
    expect(list.text()).toContain('\x1b[32mrunning');
    const plain = pty('list', '1');
    await once(plain.child, 'close');
    expect(plain.text()).toContain('running');
    expect(plain.text()).not.toContain('\x1b');
    const watch = pty('status -w');
    await until(() => watch.text().includes('Ctrl-C'), 'the screen is drawn');
    expect(watch.text()).toContain('\x1b[H\x1b[J');
    await manager.ok('stop', 'a');
    await until(() => watch.text().includes('stopped'), 'it is redrawn');
    watch.child.stdin.write('\x03');
    await once(watch.child, 'close');
    for (const [answer, left] of [
      ['', 1],
      ['no', 1],
      ['y', 0],
    ] as const) {
      const asked = pty('delete a');
      await until(() => asked.text().includes('[y/N]'), 'it asks');
      asked.child.stdin.write(`${answer}\n`);
      await once(asked.child, 'close');
      expect(JSON.parse(await manager.ok('list', '-j'))).toHaveLength(left);
    }
  },
);

test.runIf(script)('status -w never draws more than the screen has room for', async () => {
  const manager = new Manager();
  const names = Array.from({ length: 40 }, (_, n) => `app-${n}-with-a-name-that-is-wider-than-the-screen`);
  const one = status('a', { cwd: '/wide/'.repeat(20), environment_names: ['INHERITED'] });
  await fakeDaemon(manager.socket, (message) => {
    if (typeof message !== 'object' || !('Status' in message)) return success('Done');
    return data(message.Status.name === null ? names.map((name) => status(name)) : one);
  });
  for (const [what, shown, absent] of [
    ['status -w', /^name +.*\n(app-\d+-.*\n){6}… 34 more lines do not fit\nCtrl-C ends this/, 'folder'],
    ['status a -w', /^a\n +state +running\n(.*\n)+Ctrl-C ends this/, 'INHERITED'],
  ] as const) {
    const line = `stty rows 10 cols 40; exec "${process.execPath}" "${CLI}" ${what}`;
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      env: { ...manager.env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    const screens = (): string[] => text.split('\u001b[H\u001b[J').slice(1);
    await until(() => screens().length > 1, 'it is drawn again');
    child.stdin.write('\u0003');
    await once(child, 'close');
    // The first screen is whole, since a second one has begun.
    const screen = stripVTControlCharacters(screens()[0] ?? '').replaceAll('\r', '');
    const lines = screen.split('\n');
    expect(screen).toMatch(shown);
    expect(screen).not.toContain(absent);
    // The cursor is in the row after the last line.
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.filter((each) => each.length > 40)).toEqual([]);
    // Nothing else erases, which some terminals copy into the scrollback.
    expect(text).not.toContain('\u001b[2J');
  }
});
