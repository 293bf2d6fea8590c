// The processes that carry a mark are found, whatever they are doing at that moment.
import { expect, test } from 'vitest';
import { markedProcesses } from '#dist/supervisor/system/marked.js';
import { nonceOf, script } from '../../support/host.js';
import { hasProc } from '../../support/platform.js';

test.runIf(hasProc)(
  'a process that becomes another program again and again is found by every look',
  async () => {
    // In the middle of execve(2) the kernel shows no environment.
    const mark = `a:${nonceOf('a', 1)}`;
    const { pid } = await script('echo ready; exec sh -c "$CHAIN"', {
      BUNCTL_APP: mark,
      CHAIN: 'exec sh -c "$CHAIN"',
    });
    for (let round = 0; round < 200; round += 1)
      expect(await markedProcesses()).toContainEqual(expect.objectContaining({ pid, mark }));
  },
);
