// Tells why an embedder's module does not load or is not set up: what is wrong, in which file and line, and what to do.
import { fileURLToPath } from 'node:url';
import { findSyntaxError } from './syntax-error.js';

/** The advice for faults whose own message does not say what to do, by Node's code. */
const WAY_OUT: Readonly<Record<string, string>> = {
  ERR_UNKNOWN_FILE_EXTENSION: `Node ${process.versions.node} does not read TypeScript. Compile it to JavaScript, start the daemon with \`node --import tsx\`, or use Node 22.18 or later`,
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node only strips types. Compile it to JavaScript, or start the daemon with `node --import tsx`',
};

/** A bundle in CommonJS has no URL of its own. */
const OWN_URL = import.meta.url as string | undefined;

/**
 * The folder of this package's own files: they stand above the embedder's in a stack, and the fault is not in them.
 * Undefined in a bundle, where all code may be one file.
 */
const OWN_FILES = /^(.*\/)workers\/run\/load-fault\.js$/.exec(OWN_URL ?? '')?.[1];

/**
 * @param module URL of the module that was imported.
 * @param error What the import, or the module's set-up function, threw or rejected with.
 * @returns An error that reads `file:line: what is wrong`, with `error` as its cause.
 */
export async function loadFault(module: string, error: unknown): Promise<Error> {
  const { message, stack, code } = describe(error);
  let place = placeOf(stack);
  if (place === undefined && error instanceof SyntaxError) place = placeOf(await findSyntaxError(module));
  const wayOut = isTypeScript(code, message) ? WAY_OUT[code] : undefined;
  const text = `${place ?? pathOf(module)}: ${message}${wayOut === undefined ? '' : `. ${wayOut}`}`;
  return new Error(text, { cause: error });
}

/** A message of Node's about an extension is about TypeScript only when the extension is one of its. */
function isTypeScript(code: string, message: string): boolean {
  return code !== 'ERR_UNKNOWN_FILE_EXTENSION' || /"\.[cm]?tsx?"/.test(message);
}

/** Whatever was thrown, in words; nothing that it holds can throw again. */
function describe(error: unknown): { message: string; stack: string; code: string } {
  try {
    if (!(error instanceof Error)) return { message: String(error), stack: '', code: '' };
    const { code } = error as NodeJS.ErrnoException;
    return { message: error.message, stack: error.stack ?? '', code: code ?? '' };
  } catch {
    return { message: 'it threw a value that cannot be read', stack: '', code: '' };
  }
}

/** The first file in a stack, as `path:line`. Node writes the place of a syntax error before the error itself. */
function placeOf(stack: string): string | undefined {
  const [head = '', ...frames] = stack.split('\n');
  const found = /^((?:file:\/\/|\/|[A-Z]:\\).*):(\d+)$/.exec(head) ?? firstFile(frames);
  return found ? `${pathOf(found[1] ?? '')}:${found[2]}` : undefined;
}

/** Piscina runs the thread in which the embedder's module is set up: it stands below everything, and the fault is not in it. */
const RUNS_THE_THREAD = /[\\/]node_modules[\\/]piscina[\\/]/;

function firstFile(frames: readonly string[]): RegExpExecArray | undefined {
  for (const frame of frames) {
    // An error of Node's loader, or of a loader that Node calls: its message names the file.
    if (frame.includes('(node:internal/modules/')) return undefined;
    const found = /^\s+at (?:.*\()?((?:file:\/\/|\/|[A-Z]:\\).*?):(\d+):\d+\)?$/.exec(frame);
    const file = found?.[1] ?? '';
    const isOwn = OWN_FILES !== undefined && file.startsWith(OWN_FILES);
    if (found && !isOwn && !RUNS_THE_THREAD.test(file)) return found;
  }
  return undefined;
}

/** The URL of a file as people write its path. */
function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
