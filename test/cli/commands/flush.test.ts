// The bounds of an app's log by the options of start, and its emptying.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sharedManager } from '../../support/manager.js';
import { until } from '../../support/until.js';
import { hasShell } from '../../support/platform.js';

const manager = sharedManager();

test.skipIf(!hasShell)(
  'a log keeps to the size and number of files that start was given, and flush empties it',
  async () => {
    const logs = (): number[] => {
      const folder = join(manager.state, 'logs');
      return readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    };
    const bounds = ['--log-max-size', '2k', '--log-max-files', '2'];
    await manager.ok('start', 'a', ...bounds, '--', 'sh', '-c', 'seq 1 1000; echo done; exec sleep 1000');
    await until(async () => (await manager.ok('logs', 'a', '-l', '1')) === 'done\n', 'it has printed');
    await until(
      () => readdirSync(join(manager.state, 'logs')).some((name) => name.endsWith('.gz')),
      'it is compressed',
    );
    // While a file is compressed it is there twice.
    expect(logs().length).toBeLessThanOrEqual(4);
    expect(Math.max(...logs())).toBeLessThanOrEqual(2048);
    expect(await manager.ok('flush', 'a')).toBe('Emptied the log of app a\n');
    await until(() => logs().every((size) => size === 0), 'nothing is left');
    expect(await manager.ok('logs', 'a')).toBe('');
    expect(await manager.run('flush', 'ghost')).toMatchObject({ code: 3 });
    expect(await manager.run('flush')).toMatchObject({ code: 2 });
    expect(await manager.run('start', 'b', '--log-max-size', 'big', '--', 'true')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '--log-max-size needs a number with k, m or g, such as 50M, or 0',
      ) as string,
    });
  },
);
