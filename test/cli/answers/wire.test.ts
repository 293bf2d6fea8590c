// The version of the daemon that answers.
import { IpcServer } from 'bunctl-ipc';
import { expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { orFail } from '../../support/or-fail.js';

test('a daemon of another version is reported once', async () => {
  const manager = new Manager();
  await using server = await IpcServer.bind(manager.socket);
  const serving = (async () => {
    for await (const connection of server)
      (async () => {
        const daemon = {
          version: '99.0.0',
          pid: process.pid,
          socket: server.path,
          state: '/',
          started_at: 0,
        };
        for await (const message of connection)
          await connection.send(
            message === 'List' || (typeof message === 'object' && 'Status' in message)
              ? { Data: { data: [], ...{ daemon } } }
              : { Success: { message: 'done', ...{ daemon } } },
          );
      })().catch(orFail);
  })();
  for (const command of [['list'], ['stop', 'a'], ['restart', 'a', 'b'], ['ping']]) {
    const { stderr } = await manager.run(...command);
    expect(stderr.match(/bunctl 99\.0\.0/g)).toHaveLength(1);
    // That would start what was stopped on purpose.
    expect(stderr).not.toContain('start all');
    expect(stderr).toContain('run bunctl shutdown, then bunctl start with the names of these apps');
  }
  expect(await manager.run('doctor')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('bunctl 99.0.0 and this command') as string,
  });
  await server.close();
  await serving;
});
