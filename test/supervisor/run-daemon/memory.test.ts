// The memory limit of apps.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAST, Manager, start, statusOf } from '../../support/manager.js';
import { hasShell } from '../../support/platform.js';
import { until } from '../../support/until.js';

describe.runIf(hasShell)('an app', () => {
  test('whose processes hold more memory than they may is ended and restarted; apps without a limit may hold any amount', async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const grows = 'globalThis.held = Buffer.alloc(150 * 1024 * 1024, 1); setInterval(() => {}, 1000)';
    const marker = join(manager.home, 'grew');
    // A child holds the memory, and only in the first run.
    const greedy = `test -e ${marker} && exec sleep 1000; touch ${marker}; ${process.execPath} -e '${grows}'; exit 0`;
    const limit = { max_memory: 100 * 1024 * 1024, backoff: FAST };
    await client.request(start('free', `${process.execPath} -e '${grows}'; exit 0`));
    await client.request(start('greedy', greedy, limit));
    await client.request(start('modest', 'sleep 1000', limit));
    await until(async () => (await statusOf(client, 'greedy')).restarts === 1, 'it is restarted');
    await until(async () => (await statusOf(client, 'greedy')).state === 'Running', 'it runs again');
    expect(await statusOf(client, 'modest')).toMatchObject({ state: 'Running', restarts: 0 });
    expect(await statusOf(client, 'free')).toMatchObject({ state: 'Running', restarts: 0 });
    expect(readFileSync(join(manager.state, 'daemon.log'), 'utf8')).toContain('more memory than it may');
  });
});
