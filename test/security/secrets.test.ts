// The secrets of an app stay between it and the user who started it: no log, no status, no event and no answer tells them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnswerError } from 'bunctl-ipc/client';
import type { IpcMessage } from 'bunctl-ipc/protocol';
import { expect, test } from 'vitest';
import { foreground } from '../support/foreground.js';
import { FAST, Manager, startProgram, statusOf } from '../support/manager.js';
import { exits, LASTS, LASTS_TOO, type Program } from '../support/programs.js';
import { until } from '../support/until.js';

const SECRET = 'hunter2-swordfish';
const SECRETS = { PASSWORD: SECRET, DATABASE_URL: `postgres://u:${SECRET}@h/d`, API_HOST: SECRET };

test('the value of a secret is in no line of the log at any level, of the output, of statuses, events and answers', async () => {
  const manager = new Manager();
  // What starts the daemon again is told its environment.
  const daemon = foreground(manager, [], {
    BUNCTL_LOG_LEVEL: 'trace',
    BUNCTL_RESPAWN: '1',
    DAEMON_PASSWORD: SECRET,
  });
  await until(() => daemon.stdout().includes('listens'), 'it listens');
  const client = await manager.connect();
  const events = client.subscribe({ AllEvents: { app_name: null } });
  await events.ready;
  const told: unknown[] = [];
  const listening = (async () => {
    for await (const event of events) told.push(event);
  })().catch(() => undefined);
  const ask = async (message: IpcMessage): Promise<void> => {
    const answer = await client.request(message).catch((error: unknown) => {
      if (!(error instanceof AnswerError)) throw error;
      return { message: error.message, answer: error.answer };
    });
    told.push(answer);
  };
  const withSecrets = (name: string, program: Program, config: object = {}): IpcMessage => {
    const { Start } = startProgram(name, program, { env: SECRETS, backoff: FAST, ...config });
    return { Start: { ...Start, environment: { ...SECRETS, PATH: process.env['PATH'] ?? '' } } };
  };

  await ask(withSecrets('runs', LASTS));
  await ask({ Restart: { name: 'runs' } });
  await ask(withSecrets('crashes', exits(3), { restart_policy: 'always' }));
  await until(async () => (await statusOf(client, 'crashes')).restarts > 1, 'it has crashed and restarted');
  await ask(withSecrets('missing', LASTS, { command: '/there/is/no/such/program' }));
  await ask(withSecrets('folder', LASTS, { cwd: '/there/is/no/such/folder' }));
  // Node names the value of a variable that it cannot pass on.
  await ask(withSecrets('nul', LASTS, { env: { PASSWORD: `${SECRET}\0` } }));
  const { Start: nul } = startProgram('nul-around', LASTS, { restart_policy: 'always', backoff: FAST });
  await ask({ Start: { ...nul, environment: { PASSWORD: `${SECRET}\0` } } });
  await ask(withSecrets('huge', LASTS, { env: { PASSWORD: SECRET.repeat(20_000) } }));
  // Configurations that are refused.
  await ask(withSecrets('typo', LASTS, { env: { PASSWORD: [SECRET] } }));
  await ask(withSecrets('key', LASTS, { 'no such key': SECRET }));
  await ask({ Start: { name: 'broken', config: `{"name":"broken","env":{"PASSWORD":"${SECRET}"` } });
  await ask(withSecrets('runs', LASTS_TOO));
  await ask({ Status: { name: null, stats: true } });
  await ask({ Stop: { name: 'runs' } });
  await ask({ Delete: { name: 'crashes' } });
  told.push(await manager.run('status'), await manager.run('list'), await manager.run('doctor'));
  await ask({ Shutdown: {} });
  await daemon.ended;
  await listening;

  const log = manager.daemonLog();
  // It did log at every level.
  expect(log).toContain('"level":20');
  const places = {
    log,
    stdout: daemon.stdout(),
    stderr: daemon.stderr(),
    told: JSON.stringify(told),
  };
  for (const [place, text] of Object.entries(places))
    expect(text.includes(SECRET) ? around(text) : undefined, place).toBeUndefined();
  // The one place where it is, which is the owner's alone.
  const records = join(manager.state, 'apps');
  const held = readdirSync(records).filter((name) =>
    readFileSync(join(records, name), 'utf8').includes(SECRET),
  );
  expect(held).toContain('runs.json');
});

/** Where the secret was found. */
function around(text: string): string {
  const at = text.indexOf(SECRET);
  return text.slice(Math.max(0, at - 200), at + 50);
}
