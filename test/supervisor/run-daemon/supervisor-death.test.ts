// The supervisor’s thread dies: the next one takes over.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from 'bunctl-ipc';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, onTestFinished, test } from 'vitest';
import { fixture } from '../../support/daemon.js';
import { testHost } from '../../support/host.js';
import { FAST, KILLED, startProgram, type Status, statusOf } from '../../support/manager.js';
import { either, LASTS } from '../../support/programs.js';
import { until } from '../../support/until.js';

test('the supervisor may die at any moment: apps, states and restarts go on', async () => {
  const { made: host, directory: home } = testHost();
  const dieAt = join(home, 'die');
  const workerData = { stateDirectory: home, daemon: {}, dieAt };
  const socketPath = join(home, 's');
  const daemon = await startDaemon({
    socketPath,
    commands: new URL('../../../dist/supervisor/commands.js', import.meta.url),
    service: fixture('dying-supervisor.js'),
    host: {
      ...host.functions(),
      declared: () => null,
      applied: () => undefined,
      shutDown: () => undefined,
      shuttingDown: () => false,
      shutdownResult: () => undefined,
    },
    workerData,
  });
  const client = await IpcClient.connect(socketPath);
  onTestFinished(async () => {
    await client.request({ Delete: { name: 'steady' } });
    await client.request({ Delete: { name: 'crashing' } });
    await client.close();
    await daemon.close({ grace: 0 });
  });
  const die = async (): Promise<void> => {
    writeFileSync(dieAt, '');
    // The next one removes the file before it takes over; only then is an answer its own.
    await until(() => !existsSync(dieAt), 'there is another supervisor');
    const answers = (): Promise<boolean> =>
      client.request({ Status: { name: 'steady' } }).then(
        () => true,
        () => false,
      );
    await until(answers, 'it answers');
  };
  await client.request(startProgram('steady', LASTS, { backoff: FAST }));
  await client.request(startProgram('stopped', LASTS));
  await client.request({ Stop: { name: 'stopped' } });
  await client.request(
    startProgram('crashing', either('sleep 0.05; exit 1', 'process.exit(1)'), {
      backoff: { ...FAST, base_delay_ms: 100, max_delay_ms: 100 },
    }),
  );
  const { pid } = await statusOf(client, 'steady');
  for (let round = 0; round < 4; round += 1) {
    await die();
    expect(await statusOf(client, 'steady')).toMatchObject({ state: 'Running', pid });
    expect((await statusOf(client, 'stopped')).state).toBe('Stopped');
    const { restarts } = await statusOf(client, 'crashing');
    await until(
      async () => (await statusOf(client, 'crashing')).restarts > restarts,
      'the crashing app is restarted',
    );
  }
  // It dies while there is no supervisor: the next supervisor learns how.
  writeFileSync(dieAt, '');
  process.kill(pid as number, 'SIGKILL');
  await until(async () => {
    const answer = await client.request({ Status: { name: 'steady' } }).catch(() => undefined);
    const status = answer && 'Data' in answer ? (answer.Data.data as Status) : undefined;
    const told = (key: string): unknown => status?.[key as keyof Status];
    return (
      status !== undefined &&
      status.pid !== null &&
      status.pid !== pid &&
      Object.entries(KILLED).every(([key, value]) => told(key) === value)
    );
  }, 'it runs again');
});
