// The processes that leave the group of their app: the answers name them.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anyDaemon } from '../../support/answers.js';
import { sharedManager, start, written } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';
import { until } from '../../support/until.js';

const ESCAPE = 'import os,time;os.setsid();open("pid","w").write(str(os.getpid()));time.sleep(1000)';

describe.runIf(hasProc)('an app', () => {
  const manager = sharedManager();

  test('whose child has left the group: the answer names it', async () => {
    const client = await manager.daemon();
    await client.request(start('a', `python3 -c '${ESCAPE}' & sleep 1000`, { cwd: manager.home }));
    const file = join(manager.home, 'pid');
    await until(() => {
      try {
        return readFileSync(file, 'utf8') !== '';
      } catch {
        return false;
      }
    }, 'it has escaped');
    const escaped = Number(readFileSync(file, 'utf8'));
    const answer = await client.request({ Stop: { name: 'a' } });
    process.kill(escaped, 'SIGKILL');
    expect(answer).toEqual({
      Success: {
        message: expect.stringContaining(`left behind process ${escaped}`) as string,
        daemon: anyDaemon,
      },
    });
  });

  test('whose children have left the group in any of its runs: the answer names them all', async () => {
    const client = await manager.daemon();
    const file = join(manager.home, 'pid');
    const escaped: number[] = [];
    for (const command of ['Start', 'Restart']) {
      rmSync(file, { force: true });
      if (command === 'Restart') await client.request({ Restart: { name: 'a' } });
      else
        await client.request(
          start('a', 'setsid sh -c "echo \\$\\$ > pid; exec sleep 1000" & sleep 1000', { cwd: manager.home }),
        );
      escaped.push(await written(file));
    }
    const answer = await client.request({ Delete: { name: 'a' } });
    for (const pid of escaped) process.kill(pid, 'SIGKILL');
    expect(answer).toEqual({
      Success: {
        message: expect.stringContaining(
          `left behind processes ${escaped.toSorted((a, b) => a - b).join(', ')}`,
        ) as string,
        daemon: anyDaemon,
      },
    });
  });
});
