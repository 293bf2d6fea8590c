// A smoke test of the soak: a few cycles return to the baseline, and are plotted. `npm run soak` does it for minutes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/daemon.js';
import { runNode } from '../support/run.js';

test('a daemon that was used holds no more than before, and the plot shows it', async () => {
  const out = join(temporaryDirectory(), 'soak.svg');
  const { code, stdout, stderr } = await runNode('soak/soak.js', '0.03', '--out', out);
  expect(stderr).toBe('');
  expect(stdout).toContain('requests answered');
  expect(stdout).not.toContain('! ');
  expect(code).toBe(0);
  expect(readFileSync(out, 'utf8').match(/<polyline /g)).toHaveLength(5);
});
