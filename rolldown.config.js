// Bundles what Node runs from a file of its own, because it loads few files faster than many: the command `bunctl`, its
// daemon, and the workers of every daemon. The modules that others import stay as tsc wrote them. Run by `npm run build`, after tsc.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const DIST = fileURLToPath(new URL('dist/', import.meta.url));
/** The name of a module in dist, with slashes. */
const nameOf = (id) => relative(DIST, id).split(sep).join('/');

/** Replaces the module that reads package.json by the version itself. */
const inlineVersion = {
  name: 'inline-version',
  load: (id) => (nameOf(id) === 'version.js' ? `export const VERSION = ${JSON.stringify(version)};` : null),
};

/** What Node has loaded before any program runs. */
const LOADED = ['buffer', 'events', 'fs', 'path', 'process', 'timers', 'url', 'util'];

/**
 * Loads Node's other modules when something of theirs is used for the first time, not when a module imports them: most
 * commands need few of them. What is used must be imported by its name; `import *` would find nothing.
 */
const builtinsWhenNeeded = {
  name: 'builtins-when-needed',
  resolveId: (source, importer) =>
    source.startsWith('node:') && !importer?.startsWith('\0') ? `\0builtin/${source.slice(5)}.cjs` : null,
  load(id) {
    if (!id.startsWith('\0builtin/')) return null;
    const name = id.slice(9, -4);
    const needed = `require(${JSON.stringify(`node:${name}`)})`;
    return LOADED.includes(name)
      ? `module.exports = ${needed};`
      : `module.exports = new Proxy({}, { get: (_, key) => ${needed}[key] });`;
  },
};

/** What each module imports when it is loaded, by its id. */
const imports = new Map();
const noteImports = {
  name: 'note-imports',
  moduleParsed({ id, importedIds }) {
    imports.set(id, importedIds);
  },
};

/** Whether one of these modules, or what they import, is `id`. */
const isPartOf = (roots, id, seen = new Set()) =>
  roots.some(
    (root) => root === id || (!seen.has(root) && isPartOf(imports.get(root) ?? [], id, seen.add(root))),
  );
const inDist = (...names) => names.map((name) => join(DIST, name));
/** What answers `--version`. */
const isFirst = (id) => isPartOf(inDist('cli/bin.js'), id);
/** What every command needs that asks a daemon. */
const asks = (id) => isPartOf(inDist('cli/main.js', 'cli/commands/list.js'), id) && !isFirst(id);

/** Leaves the daemon out of the command's bundle. */
const daemonApart = {
  name: 'daemon-apart',
  resolveId: (source) =>
    source === './commands/daemon.js' ? { id: '../../bundle/daemon.js', external: true } : null,
};

/** Puts the licences of the packages that a bundle contains beside it. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const inside = Object.values(bundle).flatMap((chunk) => Object.keys(chunk.modules ?? {}));
    const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;
    const packages = new Set(inside.flatMap((id) => folder.exec(id)?.[0] ?? []));
    const texts = [...packages].sort().map((each) => readFileSync(join(each, 'LICENSE'), 'utf8').trim());
    this.emitFile({ type: 'asset', fileName: 'LICENSES', source: `${texts.join('\n\n')}\n` });
  },
};

/** Adds the file that Piscina loads in a thread. It imports the bundled `run.js` beside it. */
const workerEntry = {
  name: 'worker-entry',
  generateBundle() {
    const source = readFileSync(join(DIST, 'workers', 'thread', 'entry.cjs'), 'utf8');
    this.emitFile({
      type: 'asset',
      fileName: 'entry.cjs',
      source: source.replace(/^\/\/# sourceMappingURL.*/m, ''),
    });
  },
};

/**
 * Lets a module that looks for files beside itself look where it stands in dist. The modules of the daemon's own two
 * threads are bundled too, so \`run-daemon\` looks beside its bundle.
 */
const ownPlaces = {
  name: 'own-places',
  transform(code, id) {
    const name = nameOf(id);
    if (name.startsWith('..') || name === 'supervisor/run-daemon.js' || !code.includes('import.meta.url'))
      return null;
    return code.replaceAll(
      'import.meta.url',
      `new URL(${JSON.stringify(`../${name}`)}, import.meta.url).href`,
    );
  },
};

/**
 * Names and lines stay as they are, for stack traces. Comments only take time to read, and one character beyond ASCII makes
 * V8 keep a whole file in two bytes a character.
 */
const FAST_TO_LOAD = {
  comments: false,
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
};

export default defineConfig([
  {
    input: { bunctl: 'dist/cli/bin.js' },
    platform: 'node',
    plugins: [inlineVersion, builtinsWhenNeeded, daemonApart, noteImports],
    output: {
      dir: 'dist/cli',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'parts/[name].cjs',
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          { name: 'asking', test: asks, priority: 1 },
          { name: 'shared', test: (id) => !isFirst(id), minShareCount: 2 },
        ],
      },
      ...FAST_TO_LOAD,
    },
  },
  {
    input: {
      daemon: 'dist/cli/commands/daemon.js',
      commands: 'dist/supervisor/commands.js',
      'decide/supervisor': 'dist/supervisor/decide/supervisor.js',
      run: 'dist/workers/thread/run.js',
      child: 'dist/workers/process/child.js',
      keeper: 'dist/supervisor/keeper/main.js',
      watcher: 'dist/supervisor/keeper/watcher.js',
    },
    platform: 'node',
    // It starts threads from a file of its own.
    external: ['piscina'],
    plugins: [inlineVersion, ownPlaces, workerEntry, licences],
    output: {
      dir: 'dist/bundle',
      format: 'es',
      chunkFileNames: '[name].js',
      cleanDir: true,
      ...FAST_TO_LOAD,
    },
  },
]);
