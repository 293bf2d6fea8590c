// One daemon, however its socket's path is written, and from wherever.
import { mkdirSync, realpathSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { socketsAreFiles } from '../../support/platform.js';
import { LASTS } from '../../support/programs.js';

/** The socket and the state directory of the daemon that is reached, as `doctor` tells them. */
const seen = (doctor: string): string[] => doctor.match(/^socket .*\/s: .*pid \d+|^state .*/gm) ?? [];

describe('a relative path of the socket', () => {
  test.runIf(socketsAreFiles).each<[string, string, string[]]>([
    ['--socket ./s', '', ['--socket', './s']],
    ['BUNCTL_SOCKET=s', 's', []],
    ['BUNCTL_SOCKET=./x/../s', './x/../s', []],
  ])(
    '%s is the caller’s, and the same daemon and state as the absolute one',
    async (_what, variable, args) => {
      const manager = new Manager();
      const absolute = { ...manager.env };
      const socket = join(realpathSync(manager.home), 's');
      mkdirSync(join(manager.home, 'deeper'));
      manager.env['BUNCTL_SOCKET'] = variable;
      const started = await manager.run('start', 'a', ...args, '--', ...LASTS);
      expect(started).toMatchObject({ code: 0, stderr: `Started the daemon on ${socket}\n` });
      const relative = await manager.run('doctor', ...args);
      Object.assign(manager.env, absolute);
      const doctor = await manager.ok('doctor');
      expect(seen(relative.stdout)).toEqual(seen(doctor));
      expect(seen(doctor)).toHaveLength(2);
      expect(await manager.status('a')).toMatchObject({ state: 'Running' });
      const below = await manager.runIn(join(manager.home, 'deeper'), 'list', '-j', '--socket', '../s');
      expect(JSON.parse(below.stdout)).toMatchObject([{ name: 'a', state: 'Running' }]);
      expect(readdirSync(join(manager.home, 'state'))).toHaveLength(1);
    },
  );

  test('a relative BUNCTL_STATE_DIR is the caller’s too', async () => {
    const manager = new Manager();
    manager.env['BUNCTL_STATE_DIR'] = 'state';
    await manager.ok('start', 'a', '--', ...LASTS);
    expect(readdirSync(join(manager.state, 'apps'))).toHaveLength(1);
  });
});
