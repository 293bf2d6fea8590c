// A smoke test of the fault campaign: its programs run, and see nothing lost. `npm run chaos` tries all faults.
import { describe, expect, test } from 'vitest';
import { runNode } from '../support/run.js';

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

  test('refuses a fault that does not exist, and names those that do', async () => {
    const { code, stderr } = await runNode('chaos/chaos.js', 'earthquake');
    expect(code).toBe(2);
    expect(stderr).toContain('there is no fault "earthquake"');
    expect(stderr).toContain('slow-loris');
  });
});
