// How many files a process may open is learnt without a report about its network.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasShell, hasUlimit } from './support/platform.js';

const run = (code: string, limit = 'unlimited'): string =>
  execFileSync(
    'sh',
    [
      '-c',
      'ulimit -n "$1" 2>/dev/null; exec "$2" --input-type=module -e "$3"',
      'sh',
      limit,
      process.execPath,
      code,
    ],
    { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' },
  ).trim();

test.runIf(hasUlimit)('the hard limit is told', () => {
  const code = `import { openFilesLimit } from '#dist/open-files.js'; console.log(openFilesLimit());`;
  expect(run(code, '1234')).toBe('1234');
});

test.runIf(hasShell).each(['linux', 'darwin'])('on %s no report looks at the network', (platform) => {
  const code = `
    Object.defineProperty(process, 'platform', { value: ${JSON.stringify(platform)} });
    const report = process.report.getReport.bind(process.report);
    process.report.getReport = () => {
      if (!process.report.excludeNetwork) console.log('a look at the network');
      return report();
    };
    const { openFilesLimit } = await import('#dist/open-files.js');
    const limit = openFilesLimit();
    console.log(limit === undefined || limit > 0, process.report.excludeNetwork);`;
  expect(run(code)).toBe('true false');
});
