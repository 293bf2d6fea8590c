// Bundles the command `bunctl` into one CommonJS file, which Node loads faster than many modules. The daemon stays outside:
// its command, and its threads, are loaded from the modules in dist. Run by `npm run build`, after tsc.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** Replaces the module that reads package.json by the version itself. */
const inlineVersion = {
  name: 'inline-version',
  load: (id) =>
    /\/dist\/version\.js$/.test(id) ? `export const VERSION = ${JSON.stringify(version)};` : null,
};

/**
 * Loads Node's own modules when the module that imports them runs, not when the bundle starts: most commands need few
 * of them.
 */
const builtinsWhenNeeded = {
  name: 'builtins-when-needed',
  resolveId: (source, importer) =>
    source.startsWith('node:') && !importer?.startsWith('\0') ? `\0builtin/${source.slice(5)}.cjs` : null,
  load: (id) =>
    id.startsWith('\0builtin/')
      ? `module.exports = require(${JSON.stringify(`node:${id.slice(9, -4)}`)});`
      : null,
};

export default defineConfig({
  input: 'dist/cli/bin.js',
  platform: 'node',
  external: /\/commands\/daemon\.js$/,
  plugins: [inlineVersion, builtinsWhenNeeded],
  output: { file: 'dist/cli/bunctl.cjs', format: 'cjs', codeSplitting: false },
});
