// A Stop that takes longer than the wire's usual half minute, which the original answers with an error.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alive, Manager, start, statusOf } from '../support/manager.js';
import { until } from '../support/until.js';

test('an app may take as long to end as its configuration says, and its Stop is answered then', async () => {
  const manager = new Manager();
  const client = await manager.daemon();
  const ready = join(manager.home, 'ready');
  await client.request(
    start('slow', `trap "" TERM; touch ${ready}; sleep 32`, { stop_timeout: { secs: 50, nanos: 0 } }),
  );
  await until(() => existsSync(ready), 'it ignores SIGTERM');
  const { pid } = await statusOf(client, 'slow');
  const began = performance.now();
  expect(await client.request({ Stop: { name: 'slow' } }, { timeout: 90_000 })).toMatchObject({
    Success: { message: 'Stopped app slow' },
  });
  // As long as it took, not cut short.
  expect(performance.now() - began).toBeGreaterThan(30_000);
  expect(alive(pid)).toBe(false);
}, 120_000);
