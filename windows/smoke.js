// node windows/smoke.js: the core of the library with Node for Windows. Skipped where Wine cannot be had.
import { join } from 'node:path';
import { PROJECT, takeOption, Unavailable, windowsNode, windowsPath } from './wine.js';

/** The longest, in ms, that each step of an installation may take, and the program. */
const INSTALLATION = 180_000;
const PATIENCE = 240_000;

async function main(args) {
  const wine = Number(takeOption(args, '--wine')) || undefined;
  const windows = await windowsNode({ wine, patience: INSTALLATION });
  try {
    const program = windowsPath(join(PROJECT, 'windows', 'smoke', 'program.js'));
    const { code, stdout, stderr } = await windows.run([program], { patience: PATIENCE });
    console.log(`${windows}\n${stdout.trim()}`);
    if (code === 0) return;
    console.error(stderr.trim());
    process.exitCode = 1;
  } finally {
    await windows.end();
  }
}

main(process.argv.slice(2)).catch((error) => {
  if (error instanceof Unavailable) console.log(`Skipped the smoke test for Windows: ${error.message}.`);
  else {
    console.error(error);
    process.exitCode = 1;
  }
});
