// A worker file that is missing while the daemon runs: commands are refused, and nothing is left open.
import { execFile } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fixture, temporaryDirectory } from '../../support/daemon.js';
import { linksToDirectories } from '../../support/platform.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

test.runIf(linksToDirectories)(
  'commands are refused with a sentence, and the process ends when the daemon is closed',
  async () => {
    const copy = temporaryDirectory();
    cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const script = fileURLToPath(fixture('loses-its-worker-file.js'));
    const { stdout } = await promisify(execFile)(process.execPath, [script, copy, join(copy, 's')], {
      timeout: 30_000,
    });
    expect(stdout.trim()).toBe('COMMAND_OUTCOME_UNKNOWN,LANES_UNAVAILABLE,LANES_UNAVAILABLE');
  },
);
