// Loads an embedder's module, checks that its default export is the right kind of definition, and sets it up.
import type { CommandsDefinition, ServiceDefinition } from '../../define.js';
import { loadFault } from './load-fault.js';
import { reachTypeScript } from './typescript.js';

interface Definitions {
  'bunctl-ipc.commands': CommandsDefinition;
  'bunctl-ipc.service': ServiceDefinition;
}

/**
 * @param module URL of the module: JavaScript of either kind, or TypeScript where Node or a loader can read it.
 * @throws {Error} when it cannot be loaded: with the file, the line where it is known, and the fault as `cause`.
 * @throws {TypeError} when its default export was not made with `defineCommands` or `defineService`.
 */
export async function loadDefinition<K extends keyof Definitions>(
  module: string,
  kind: K,
): Promise<Definitions[K]> {
  reachTypeScript(module);
  const { default: exported } = await importModule(module);
  // TypeScript and bundlers compile `export default` to `exports.default`, which import() gives as a member.
  const definition = [exported, member(exported, 'default')].find((value) => member(value, 'kind') === kind);
  if (definition === undefined) {
    const define = kind === 'bunctl-ipc.commands' ? 'defineCommands' : 'defineService';
    throw new TypeError(
      `The default export of ${module} must be made with ${define}(…) of bunctl-ipc/commands`,
    );
  }
  return definition as Definitions[K];
}

/**
 * Runs the module's set-up function.
 *
 * @throws {Error} what it threw, with the file and the line where they are known, and the fault as `cause`.
 */
export async function setUpDefinition<S, R>(
  module: string,
  { setUp }: { readonly setUp: (setup: S) => R | Promise<R> },
  setup: S,
): Promise<R> {
  try {
    return await setUp(setup);
  } catch (error) {
    throw await loadFault(module, error);
  }
}

async function importModule(module: string): Promise<{ default?: unknown }> {
  try {
    return (await import(module)) as { default?: unknown };
  } catch (error) {
    throw await loadFault(module, error);
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
