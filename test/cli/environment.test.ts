// Whose environment is where: the daemon gets none of its caller's secrets, an app gets its caller's.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Manager } from '../support/manager.js';

test.skipIf(process.platform !== 'linux')(
  'a daemon that a command started has nothing of its caller but what it needs to work',
  async () => {
    const manager = new Manager({
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--max-old-space-size=500',
      BUNCTL_APP: 'outer:1',
      LC_TIME: 'C',
      XDG_STATE_HOME: '/nonexistent',
    });
    await manager.ok('start', 'a', '--', 'sleep', '1000');
    const entries = readFileSync(`/proc/${await manager.pid()}/environ`, 'utf8').split('\0');
    const names = entries.filter((entry) => entry !== '').map((entry) => entry.slice(0, entry.indexOf('=')));
    const allowed =
      /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z_]+|TZ|TMPDIR|TMP|TEMP|XDG_[A-Z_]+|BUNCTL_(SOCKET|STATE_DIR|READY_FD|OPEN_FILES))$/;
    expect(names.filter((name) => !allowed.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'LC_TIME', 'XDG_STATE_HOME', 'BUNCTL_SOCKET']));
  },
);
