// Makes tsx, when the process was started with it, read TypeScript in this thread too.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Some versions of Node lack a `module.registerHooks` that tsx trusts (20, 22 before 22.22.3, 24 before 24.11.1). There
 * tsx registers itself on the main thread alone, and the loader does not reach the threads that this starts.
 * So a thread registers tsx itself, once, before it imports the first module: a failed import is remembered.
 *
 * @param module URL of the module that will be imported.
 */
export function reachTypeScript(module: string): void {
  const tsx = preloadedTsx([...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]);
  if (tsx === undefined || !module.startsWith('file:') || resolvesExtensions(module)) return;
  // The documented entry of tsx's loader. It refuses to work without data, which says that it was registered.
  register('tsx/esm', tsx.startsWith('file:') ? tsx : pathToFileURL(`${process.cwd()}/`), { data: {} });
}

/** The value of `--import` for tsx: a URL if the tsx command started the process, or the name of the package. */
function preloadedTsx(options: readonly string[]): string | undefined {
  return options
    .filter((option, index) => option.startsWith('--import=') || options[index - 1] === '--import')
    .map((option) => option.replace(/^--import=/, ''))
    .find((value) => /^tsx(\/esm)?$|\/tsx\/dist\/(loader|esm\/index)\.mjs$/.test(value));
}

/** Whether tsx works in this thread already: it finds a file that is named without its extension, and Node does not. */
function resolvesExtensions(module: string): boolean {
  const bare = module.replace(/\.[^./]+$/, '');
  try {
    return import.meta.resolve(bare) !== bare;
  } catch {
    return false;
  }
}
