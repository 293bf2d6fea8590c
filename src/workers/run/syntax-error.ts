// Finds the place of a syntax error in a module or in what it imports. Node does not say it to the code that catches it.
import { Worker } from 'node:worker_threads';

/** Milliseconds for the search; without its result, the module's own name is told. */
const TIMEOUT = 15_000;

/**
 * Parses the module and the files that it imports, and runs none of them. Node writes the place of a syntax error
 * into the stack when nothing catches the error.
 */
const SEARCH = `
const { readFileSync } = require('node:fs');
const { SourceTextModule } = require('node:vm');
const { workerData } = require('node:worker_threads');
const urls = new Set([workerData]);
for (const url of urls) {
  let text;
  try { text = readFileSync(new URL(url), 'utf8'); } catch { continue; }
  const module = new SourceTextModule(text, { identifier: url });
  const names = module.moduleRequests?.map(({ specifier }) => specifier) ?? module.dependencySpecifiers;
  for (const name of names) if (/^\\.{1,2}\\/.*\\.m?js$/.test(name) && urls.size < 1000) urls.add(new URL(name, url).href);
}`;

/**
 * @param module URL of a module that did not load because of a syntax error.
 * @returns The stack of the same error with its place in the first line, or `''` when it was not found again.
 */
export async function findSyntaxError(module: string): Promise<string> {
  if (!module.startsWith('file:')) return '';
  const search = new Worker(SEARCH, {
    eval: true,
    workerData: module,
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
  });
  const timer = setTimeout(() => void search.terminate().catch(() => undefined), TIMEOUT);
  return new Promise((resolve) => {
    search.once('error', (error) => resolve(error.stack ?? ''));
    search.once('exit', () => {
      clearTimeout(timer);
      resolve('');
    });
  });
}
