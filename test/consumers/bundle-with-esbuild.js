// Bundles the files that it is given, in the working directory, as docs/platforms.md tells.
import { build } from 'esbuild';

await build({
  entryPoints: process.argv.slice(2),
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['bunctl-ipc'],
  outdir: 'out',
});
