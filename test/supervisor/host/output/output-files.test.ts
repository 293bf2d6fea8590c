// The logs of an app that prints straight into files are emptied with everything that was put aside.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyLogs } from '#dist/supervisor/host/output/output-files.js';
import { temporaryDirectory } from '../../../support/daemon.js';

test('plain logs are emptied; what was put aside goes, compressed or just being compressed, and so does what a keeper has left', async () => {
  const directory = temporaryDirectory();
  const aside = '20261127T021011.123Z';
  const others = ['ab.out.log', `ab.out.log.${aside}`];
  for (const name of [
    'a.out.log',
    `a.out.log.${aside}`,
    'a.all.log',
    `a.all.log.${aside}`,
    `a.all.log.${aside}.gz`,
    `a.all.log.${aside}.gz.part`,
    'a.all.log.20261126T021011.123Z.gz',
    ...others,
  ])
    writeFileSync(join(directory, name), 'text');
  await emptyLogs(
    ['a.out.log', 'a.err.log'].map((name) => join(directory, name)),
    join(directory, 'a.all.log'),
  );
  expect(readdirSync(directory).sort()).toEqual(['a.out.log', ...others]);
  expect(readFileSync(join(directory, 'a.out.log'), 'utf8')).toBe('');
});
