// `bunctl stats`: the daemon's own statistics, for people, as JSON and as OpenMetrics text.
import type { DaemonStats } from 'bunctl-ipc';
import { expect, test } from 'vitest';
import { endpointAt } from '#dist/endpoint/default-path.js';
import { Manager } from '../../support/manager.js';
import { data, fakeDaemon } from '../fake-daemon.js';

test('stats shows the daemon’s connections, commands, lanes, events and queues, in three forms', async () => {
  const manager = new Manager();
  const client = await manager.daemon();
  await client.request('List');
  const stats = JSON.parse(await manager.ok('stats', '-j')) as DaemonStats;
  expect(stats).toMatchObject({
    connections: { refused: 0, evicted: 0 },
    commands: { failed: 0, timedOut: 0 },
    events: { dropped: 0 },
  });
  // A busy machine may have more than one.
  expect(stats.lanes[0]).toMatchObject({ isolation: 'thread', restarts: 0 });
  expect(stats.connections.open).toBeGreaterThanOrEqual(2);
  const metrics = await manager.ok('stats', '--openmetrics');
  expect(metrics).toMatch(/^bunctl_ipc_connections \d+$/m);
  expect(metrics.endsWith('# EOF\n')).toBe(true);
  const shown = await manager.ok('stats');
  expect(shown).toMatch(/^connections +\d+ open; \d+ accepted, 0 refused/m);
  expect(shown).toMatch(/^lane 1 +(ready|late); (1 command|\d+ commands), 0 restarts$/m);
  expect(shown).toMatch(/^mailbox +bytes +0 KB +\d\.0 MB$/m);
  expect(await manager.run('stats', '-j', '--openmetrics')).toMatchObject({ code: 2, stdout: '' });
});

test('an answer to Status without `stats` is as it was: the field is told only to those who ask', async () => {
  const manager = new Manager();
  const client = await manager.daemon();
  const answer = (message: object) => client.request(message as { Status: { name: null } });
  expect(await answer({ Status: { name: null } })).not.toHaveProperty('Data.stats');
  expect(await answer({ Status: { name: null, stats: false } })).not.toHaveProperty('Data.stats');
  expect(await answer({ Status: { name: null, stats: true } })).toMatchObject({
    Data: { data: [], stats: { laneDeaths: 0 } },
  });
});

test('a daemon that knows no statistics is named, with the way out; and no daemon is started', async () => {
  const manager = new Manager();
  expect(await manager.run('stats')).toMatchObject({ code: 6, stdout: '' });
  const daemon = await fakeDaemon(manager.socket, () => data([]));
  const { code, stdout, stderr } = await manager.run('stats', '-j');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`The daemon on ${endpointAt(manager.socket)} does not tell its statistics`);
  expect(daemon.asked).toEqual([{ Status: { name: null, stats: true } }]);
});
