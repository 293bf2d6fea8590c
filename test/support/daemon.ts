// Starts a daemon on a socket of the test's own, and ends it with the test.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, type DaemonOptions, startDaemon } from 'bunctl-ipc';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { endpointIn, ownEndpoint, removeDirectory } from './endpoints.js';

export { endpointIn, isThere, ownEndpoint, temporaryDirectory } from './endpoints.js';

export const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url);

export async function testDaemon(
  options: Partial<DaemonOptions> = {},
): Promise<{ daemon: Daemon; path: string }> {
  const path = ownEndpoint();
  const daemon = await startDaemon({ socketPath: path, commands: fixture('commands.js'), ...options });
  onTestFinished(async () => {
    await daemon.close({ grace: 0 });
  });
  return { daemon, path };
}

/** A daemon for all tests of a file or a block, which must not harm it. */
export function sharedDaemon(options: Partial<DaemonOptions> = {}): { daemon: Daemon; path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  const shared = { path: endpointIn(directory) } as { daemon: Daemon; path: string };
  beforeAll(async () => {
    const commands = fixture('commands.js');
    shared.daemon = await startDaemon({ socketPath: shared.path, commands, ...options });
  });
  afterAll(async () => {
    await shared.daemon.close({ grace: 0 });
    removeDirectory(directory);
  });
  return shared;
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
