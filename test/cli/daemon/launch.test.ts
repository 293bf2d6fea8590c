// The start of a daemon's process: a process that does not get ready is not left behind.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemonProcess } from '#dist/cli/daemon/launch.js';
import { temporaryDirectory } from '../../support/daemon.js';
import { alive, written } from '../../support/manager.js';
import { until } from '../../support/until.js';

/** Has the daemon's process run a script, in the place of the command `bunctl`. */
function daemonIs(script: string): void {
  const file = join(temporaryDirectory(), 'daemon.cjs');
  writeFileSync(file, script);
  const own = process.argv[1] as string;
  process.argv[1] = file;
  onTestFinished(() => void (process.argv[1] = own));
}

test('a daemon that is not ready in time is a failure, and its process is ended', async () => {
  const pid = join(temporaryDirectory(), 'pid');
  daemonIs(
    `require('fs').writeFileSync(${JSON.stringify(pid)}, process.pid + '\\n'); setInterval(() => {}, 1000);`,
  );
  const started = startDaemonProcess(undefined, 3000);
  const daemon = await written(pid);
  expect(await started).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('3 s') as string });
  await until(() => !alive(daemon), 'its process is ended');
});

test('a daemon that ends before it is ready is a failure at once', async () => {
  daemonIs('process.exit(7)');
  expect(await startDaemonProcess(undefined)).toMatchObject({
    code: 'ENDED',
    message: expect.stringContaining('code 7') as string,
  });
});
