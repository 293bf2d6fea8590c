// The processes that carry a mark are found, whatever they are doing at that moment.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { markedProcesses } from '#dist/supervisor/system/marked.js';
import { nonceOf, script } from '../../support/host.js';
import { hasNamespaces, hasProc } from '../../support/platform.js';

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

const UNSHARE = ['--pid', '--fork', '--mount-proc', 'sh', '-c'];
const namespaces = hasNamespaces && spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

test.runIf(namespaces)('a process that has the number 2 in its container is found, and its child', () => {
  const scan = `
    import { markedProcesses } from '${import.meta.resolve('#dist/supervisor/system/marked.js')}';
    let found = [];
    for (let looks = 0; found.length < 2 && looks < 1000; looks += 1) found = await markedProcesses();
    console.log(JSON.stringify(found.map(({ stat }) => stat.parent)));`;
  const app = 'BUNCTL_APP=a:1 sh -c "sleep 1000; :" & exec "$0" --input-type=module -e "$1"';
  const { stdout } = spawnSync('unshare', [...UNSHARE, app, process.execPath, scan], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(JSON.parse(stdout)).toEqual([1, 2]);
});
