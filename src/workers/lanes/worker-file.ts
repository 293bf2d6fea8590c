// The files that workers run, and what to say when a bundler has left them behind.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IpcError } from '../../protocol/errors.js';

/** By the kind of worker; relative to this file, in the package as it is published. They are bundled: see `rolldown.config.js`. */
const FILES = { thread: '../../bundle/entry.cjs', process: '../../bundle/child.js' } as const;

/**
 * @returns The URL of the file that a worker of this kind runs.
 * @throws {IpcError} `LANES_UNAVAILABLE` if the file does not exist, because this code is part of a bundle.
 */
export function workerFile(kind: keyof typeof FILES): URL {
  // A bundle in CommonJS has no URL of its own.
  const own = import.meta.url as string | undefined;
  const url = own === undefined ? undefined : new URL(FILES[kind], own);
  if (url !== undefined && existsSync(url)) return url;
  const file = url === undefined ? FILES[kind].replaceAll('../', '') : fileURLToPath(url);
  throw new IpcError(
    'LANES_UNAVAILABLE',
    `The worker file ${file} of bunctl-ipc is missing: the package was bundled. Mark bunctl-ipc as external in the ` +
      'bundler, and ship node_modules with bunctl-ipc and its dependencies beside the bundle (docs/platforms.md)',
  );
}
