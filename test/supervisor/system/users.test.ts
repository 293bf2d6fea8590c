// The users of the machine.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { userOf } from '#dist/supervisor/system/users.js';
import { temporaryDirectory } from '../../support/daemon.js';

test('a user is read from the file of users', async () => {
  const file = join(temporaryDirectory(), 'passwd');
  writeFileSync(file, 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\n\nbroken\n');
  expect(await userOf(1000, file)).toEqual({ name: 'ann', gid: 100, home: '/home/ann' });
  expect(await userOf(100, file)).toBeUndefined();
  expect(await userOf(0, '/nonexistent')).toBeUndefined();
});
