// Starts a daemon on a socket of the test's own, and ends it with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, type DaemonOptions, startDaemon } from 'bunctl-ipc';
import { onTestFinished } from 'vitest';

export const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url);

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function testDaemon(
  options: Partial<DaemonOptions> = {},
): Promise<{ daemon: Daemon; path: string }> {
  const path = join(temporaryDirectory(), 's');
  const daemon = await startDaemon({ socketPath: path, commands: fixture('commands.js'), ...options });
  onTestFinished(async () => {
    await daemon.close({ grace: 0 });
  });
  return { daemon, path };
}

/** A module that makes a file when its loading begins, which never ends. */
export function neverLoads(begun: string): string {
  const script = `import { writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(begun)}, '');
    await new Promise(() => {});`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

/** A Start request that makes the fixture's handler do something. */
export function act(action: string, args: object = {}) {
  return { Start: { name: 'test', config: JSON.stringify({ do: action, ...args }) } };
}
