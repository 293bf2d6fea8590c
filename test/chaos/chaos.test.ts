// A smoke test of the fault campaign: its programs run, and see nothing lost. `npm run chaos` tries all faults.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/daemon.js';
import { runNode } from '../support/run.js';
import { until } from '../support/until.js';

describe.skipIf(process.platform !== 'linux')('the fault campaign', () => {
  test('tries faults, sees every request answered, and prints a table', async () => {
    const { code, stdout, stderr } = await runNode(
      'chaos/chaos.js',
      '--seconds',
      '0.2',
      'daemon-killed',
      'half-close',
    );
    expect(stderr).not.toContain('\n    ');
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[1]),
    ).toEqual(['fault', '---', 'idle', 'daemon-killed', 'half-close']);
  });

  test('leaves nothing behind when it is ended in the middle', async () => {
    const folder = temporaryDirectory();
    const child = spawn(process.execPath, ['chaos/chaos.js', '--seconds', '600', 'idle'], {
      env: { ...process.env, TMPDIR: folder },
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const sockets = (): string[] =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\/s\d+$/.test(name));
    await until(() => sockets().length > 0, 'its daemon listens');
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('refuses a fault that does not exist, and names those that do', async () => {
    const { code, stderr } = await runNode('chaos/chaos.js', 'earthquake');
    expect(code).toBe(2);
    expect(stderr).toContain('there is no fault "earthquake"');
    expect(stderr).toContain('slow-loris');
  });
});
