// Loads the built files of the daemon and of the client with other edges, with small bounds, and with a planted bug if one is wanted.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type Change, changed } from './change.js';
import { globalsOf, modulesOf, type Stage, VIRTUAL_IMPORT } from './edges.js';
import { SMALL_BOUNDS } from './small-bounds.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** The parts of the library that a run uses; each name is that of an export. */
const ENTRY = `
export { startDaemon } from './daemon.js';
export { IpcClient } from './client/client.js';
export { defineCommands, defineService } from './define.js';
export { run as runThread, runIn } from './workers/thread/run.js';
export { RecordedState } from './workers/link/claim-records.js';
export { expose } from './workers/link/closed-port.js';
export { Channel } from './workers/link/port.js';
export { PORT } from './workers/link/process-messages.js';
export { RefusedEvents } from './workers/run/refused-events.js';
export { Pipeline } from './acceptor/pipeline.js';
export { Broker } from './broker/broker.js';
export { Writer } from './writer/writer.js';
export { Publisher } from './workers/run/publisher.js';
export { EventPacker } from './workers/link/event-packer.js';
`;

export interface Library {
  readonly startDaemon: typeof import('#dist/daemon.js').startDaemon;
  readonly IpcClient: typeof import('#dist/client/client.js').IpcClient;
  readonly defineCommands: typeof import('#dist/define.js').defineCommands;
  readonly defineService: typeof import('#dist/define.js').defineService;
  readonly runThread: Stage['runThread'];
  readonly runIn: typeof import('#dist/workers/thread/run.js').runIn;
  readonly RecordedState: typeof import('#dist/workers/link/claim-records.js').RecordedState;
  readonly expose: typeof import('#dist/workers/link/closed-port.js').expose;
  readonly Channel: typeof import('#dist/workers/link/port.js').Channel;
  readonly PORT: typeof import('#dist/workers/link/process-messages.js').PORT;
  readonly RefusedEvents: typeof import('#dist/workers/run/refused-events.js').RefusedEvents;
  readonly Pipeline: typeof import('#dist/acceptor/pipeline.js').Pipeline;
  readonly Broker: typeof import('#dist/broker/broker.js').Broker;
  readonly Writer: typeof import('#dist/writer/writer.js').Writer;
  readonly Publisher: typeof import('#dist/workers/run/publisher.js').Publisher;
  readonly EventPacker: typeof import('#dist/workers/link/event-packer.js').EventPacker;
}

/**
 * Builds the library once; many worlds can then use it, one after the other, by the stage.
 *
 * @throws {Error} when a text that is to be changed is not there exactly once.
 */
export async function loadLibrary(stage: Stage, planted: readonly Change[] = []): Promise<Library> {
  const modules = modulesOf(stage);
  const globals = globalsOf(stage);
  const changes = [VIRTUAL_IMPORT, ...SMALL_BOUNDS, ...planted];
  const used = new Set<Change>();
  const replaced = new Set<string>();
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: DIST, loader: 'js' },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['zod', 'piscina'],
    logLevel: 'silent',
    plugins: [edges(modules, replaced), texts(changes, used)],
  });
  const missing = changes.find((change) => !used.has(change));
  if (missing) throw new Error(`the file ${missing.file} is not part of the library that is simulated`);
  const left = Object.keys(modules).find((name) => !replaced.has(name));
  if (left !== undefined) throw new Error(`nothing imports ${left}, which is to be replaced`);
  const code = outputFiles[0]?.text ?? '';
  const names = Object.keys(globals);
  const module = { exports: {} as Library };
  // oxlint-disable-next-line typescript/no-implied-eval -- the one way to give code its globals as arguments
  const run = new Function('edges', 'require', 'module', ...names, `(() => {${code}\n})();`) as (
    ...args: unknown[]
  ) => void;
  run(modules, createRequire(import.meta.url), module, ...names.map((name) => globals[name]));
  return module.exports;
}

/** Puts the stage's modules in the place of the real ones. */
function edges(modules: ReturnType<typeof modulesOf>, replaced: Set<string>): Plugin {
  const load = (name: string) => {
    replaced.add(name);
    const exported = Object.keys(modules[name] ?? {});
    const from = `edges[${JSON.stringify(name)}]`;
    return { contents: exported.map((key) => `export const ${key} = ${from}.${key};`).join('\n') };
  };
  return {
    name: 'edges',
    setup(bundler) {
      bundler.onResolve({ filter: /^(node:|pino$)/ }, ({ path }) =>
        Object.hasOwn(modules, path) ? { path, namespace: 'edge' } : { path, external: true },
      );
      bundler.onLoad({ filter: /.*/, namespace: 'edge' }, ({ path }) => load(path));
      bundler.onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) =>
        Object.hasOwn(modules, inDist(path)) ? load(inDist(path)) : undefined,
      );
    },
  };
}

/** Changes texts of built files. */
function texts(changes: readonly Change[], used: Set<Change>): Plugin {
  return {
    name: 'texts',
    setup(bundler) {
      bundler.onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
        const own = changes.filter(({ file }) => file === inDist(path));
        if (own.length === 0) return undefined;
        let contents = await readFile(path, 'utf8');
        for (const change of own) {
          contents = changed(contents, change);
          used.add(change);
        }
        return { contents };
      });
    },
  };
}

function inDist(path: string): string {
  return relative(DIST, path).split(sep).join('/');
}
