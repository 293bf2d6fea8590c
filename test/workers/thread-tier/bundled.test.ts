// A daemon that was bundled: it runs when the package was left out of the bundle, and says so when it was not.
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { fixture, ownEndpoint, temporaryDirectory, testDaemon } from '../../support/daemon.js';
import { linksToDirectories } from '../../support/platform.js';

type Bundler = (entry: string, file: string, external: string[]) => Promise<unknown>;

/** The dependencies are CommonJS, which needs `require` also where the bundle is an ES module. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const bundlers: [name: string, extension: string, bundle: Bundler][] = [
  [
    'esbuild to an ES module',
    'mjs',
    (entry, outfile, external) =>
      build({
        ...{ entryPoints: [entry], outfile, external, bundle: true, platform: 'node' },
        ...{ format: 'esm', banner: { js: BANNER }, logLevel: 'error' },
      }),
  ],
  [
    'esbuild to CommonJS',
    'cjs',
    (entry, outfile, external) =>
      build({
        ...{ entryPoints: [entry], outfile, external, bundle: true, platform: 'node' },
        ...{ format: 'cjs', logLevel: 'error', logOverride: { 'empty-import-meta': 'silent' } },
      }),
  ],
  [
    'rolldown to an ES module',
    'mjs',
    async (input, file, external) => {
      const bundle = await rolldown({ input, external, platform: 'node', logLevel: 'silent' });
      await bundle.write({ file, format: 'esm', codeSplitting: false });
    },
  ],
];

describe.each(bundlers)('%s', (_name, extension, bundle) => {
  /** Bundles a fixture into a folder that has the package installed, and runs the bundle there. */
  async function run(program: string, external: string[], args: string[]): Promise<string> {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'node_modules'));
    if (linksToDirectories)
      symlinkSync(
        fileURLToPath(new URL('../../..', import.meta.url)),
        join(directory, 'node_modules/bunctl-ipc'),
      );
    const file = join(directory, `bundle.${extension}`);
    await bundle(fileURLToPath(fixture(`bundled/${program}`)), file, external);
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', file, ...args], {
      timeout: 60_000,
    });
    return stdout.trim();
  }
  const commands = fileURLToPath(fixture('commands.js'));
  const LIST = '{"Data":{"data":["a","b"]}}';

  test.runIf(linksToDirectories)('with bunctl-ipc external, the daemon runs', async () => {
    const args = [ownEndpoint(), commands, 'thread'];
    expect(await run('daemon.js', ['bunctl-ipc'], args)).toBe(LIST);
  });

  test('with bunctl-ipc in the bundle, the error names the missing file and the way out', async () => {
    const args = [ownEndpoint(), commands, 'thread'];
    const printed = await run('daemon.js', [], args);
    expect(printed).toMatch(/^LANES_UNAVAILABLE The worker file .*of bunctl-ipc is missing/);
    expect(printed).toContain('external');
    expect(printed).not.toContain('commands module');
  });

  test('with bunctl-ipc in the bundle, a daemon without threads runs', async () => {
    const args = [ownEndpoint(), commands, 'none'];
    expect(await run('daemon.js', [], args)).toBe(LIST);
  });

  test('a client runs with all in the bundle', async () => {
    const { path } = await testDaemon();
    expect(await run('client.js', [], [path])).toBe(LIST);
  });
});
