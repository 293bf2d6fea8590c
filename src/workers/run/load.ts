// Loads an embedder's module and checks that its default export is the right kind of definition.
import type { CommandsDefinition, ServiceDefinition } from '../../define.js';

interface Definitions {
  'bunctl-ipc.commands': CommandsDefinition;
  'bunctl-ipc.service': ServiceDefinition;
}

/**
 * @param module URL of the module.
 * @throws {TypeError} when its default export was not made with `defineCommands` or `defineService`.
 */
export async function loadDefinition<K extends keyof Definitions>(
  module: string,
  kind: K,
): Promise<Definitions[K]> {
  const { default: definition } = (await import(module)) as { default?: Partial<Definitions[K]> | null };
  if (definition?.kind !== kind) {
    const define = kind === 'bunctl-ipc.commands' ? 'defineCommands' : 'defineService';
    throw new TypeError(
      `The default export of ${module} must be made with ${define}(…) of bunctl-ipc/commands`,
    );
  }
  return definition as Definitions[K];
}
