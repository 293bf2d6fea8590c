// Many clients and commands at once, and unusual names.
import { readdirSync, readFileSync } from 'node:fs';
import { type AnswerError, IpcClient } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { refusal, success } from '../../support/answers.js';
import { alive, FAST, Manager, sharedManager, startProgram, statusOf } from '../../support/manager.js';
import { hasProc } from '../../support/platform.js';
import { LASTS, printsAndLasts } from '../../support/programs.js';
import { until } from '../../support/until.js';

const manager = sharedManager();

describe.runIf(hasProc)('many clients', () => {
  test('that start, stop, restart and delete one app at once leave it in a consistent state', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => manager.connect()));
    const request = startProgram('a', LASTS, {
      restart_policy: 'always',
      backoff: FAST,
      env: { TEST: manager.home },
    });
    const commands = [
      request,
      { Stop: { name: 'a' } },
      { Restart: { name: 'a' } },
      { Delete: { name: 'a' } },
    ];
    await Promise.all(
      clients.map(async (client, index) => {
        for (let round = 0; round < 12; round += 1) {
          const answered = client.request(commands[(index * 7 + round * 5) % 4] ?? 'List');
          await answered.catch((error: unknown) =>
            expect((error as AnswerError).code).toMatch(/^APP_NOT_(FOUND|RUNNING)$/),
          );
        }
      }),
    );
    const [client] = clients as [IpcClient];
    await client.request(request);
    const { pid } = await statusOf(client, 'a');
    // Its only process is the reported one.
    const ours = readdirSync('/proc').filter((entry) => {
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
        const group = /^NSpgid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
        return environment.includes(`TEST=${manager.home}`) && group === entry && alive(Number(entry));
      } catch {
        return false;
      }
    });
    expect(ours).toEqual([String(pid)]);
    expect(alive(pid)).toBe(true);
    await client.request({ Delete: { name: 'a' } });
    expect(alive(pid)).toBe(false);
    expect(await client.request('List')).toMatchObject({ Data: { data: [] } });
  });
});

describe('the daemon', () => {
  test('of ten that `bunctl start` starts at once, exactly one stays, and every app runs', async () => {
    const manager = new Manager();
    const started = await Promise.all(
      Array.from({ length: 10 }, (_, n) => manager.run('start', `app${n}`, '--', ...LASTS)),
    );
    expect(started.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(Array<number>(10).fill(0));
    expect(started.filter(({ stderr }) => stderr.includes('Started the daemon'))).toHaveLength(1);
    const client = await manager.connect();
    expect(await client.request('List')).toMatchObject({
      Data: { data: Array.from({ length: 10 }, (_, n) => `app${n}`) },
    });
  });

  test('accepts or refuses unusual names, and files stay where they belong', async () => {
    const client = await manager.daemon();
    await expect(client.request({ Stop: { name: '/' } })).rejects.toMatchObject(
      refusal('APP_NAME_INVALID', 'Invalid app name'),
    );
    await expect(client.request({ Stop: { name: 'x'.repeat(1024) } })).rejects.toMatchObject(
      refusal('APP_NAME_INVALID', 'Invalid app name'),
    );
    await expect(client.request({ Stop: { name: '__proto__' } })).rejects.toMatchObject(
      refusal('APP_NOT_FOUND', 'App __proto__ not found'),
    );
    for (const name of ['..', '__proto__', 'a\nb', 'a\0b', 'constructor']) {
      expect(await client.request(startProgram(name, printsAndLasts('hi')))).toEqual(
        success(`Started app ${name}`),
      );
      await until(
        async () => JSON.stringify(await client.request({ Logs: { name, lines: 1 } })).includes('hi'),
        'it has printed',
      );
      expect(await client.request({ Delete: { name } })).toEqual(success(`Deleted app ${name}`));
    }
    expect(manager.printed('..')).toBe('hi\n');
  });
});
