// The file that every worker thread runs, and what to say when a bundler has left it behind.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IpcError } from '../../protocol/errors.js';

/** Relative to this file, in the package as it is published. */
const WORKER_FILE = '../thread/entry.cjs';

/**
 * @returns The URL of the worker file.
 * @throws {IpcError} `LANES_UNAVAILABLE` if the file does not exist, because this code is part of a bundle.
 */
export function workerFile(): string {
  // A bundle in CommonJS has no URL of its own.
  const own = import.meta.url as string | undefined;
  const url = own === undefined ? undefined : new URL(WORKER_FILE, own);
  if (url !== undefined && existsSync(url)) return url.href;
  const file = url === undefined ? 'thread/entry.cjs' : fileURLToPath(url);
  throw new IpcError(
    'LANES_UNAVAILABLE',
    `The worker file ${file} of bunctl-ipc is missing: the package was bundled. Mark bunctl-ipc as external in the ` +
      'bundler, and ship node_modules with bunctl-ipc and its dependencies beside the bundle (docs/platforms.md)',
  );
}
