#!/usr/bin/env node
// The entry of the command `bunctl`: answers `--version` before anything else is loaded.
import { VERSION } from '../version.js';
import { print, reportLostOutput } from './terminal/output.js';

const args = process.argv.slice(2);
if (['--version', '-V', '-v', 'version'].includes(args[0] ?? '')) {
  print(`bunctl ${VERSION}`);
  reportLostOutput();
} else {
  // The bundle is CommonJS, which has no top-level await.
  import('./main.js')
    .then(({ main }) => main(args))
    .catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
}
