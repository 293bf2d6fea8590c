// The commands in a terminal.
import { once } from 'node:events';
import { spawn, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { CLI, Manager } from '../../support/manager.js';
import { until } from '../../support/until.js';

test.runIf(spawnSync('script', ['--version']).status === 0)(
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
