// Endpoints of a test's own, on every platform: a socket in a directory that goes with the test, or a pipe.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { socketsAreFiles } from './platform.js';

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bunctl-test-'));
  onTestFinished(() => removeDirectory(directory));
  return directory;
}

/** Windows removes nothing that somebody has open, and a process that has ended may have it open for a moment. */
export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}

/** An endpoint in a directory; where sockets are not files, a pipe of a new name. */
export function endpointIn(directory: string, name = 's'): string {
  return socketsAreFiles ? join(directory, name) : `\\\\.\\pipe\\bunctl-test-${randomUUID()}`;
}

/** An endpoint that nobody else has. */
export const ownEndpoint = (): string => endpointIn(socketsAreFiles ? temporaryDirectory() : '');

/** Whether a socket's file is there, or somebody listens on a pipe. */
export async function isThere(endpoint: string): Promise<boolean> {
  if (socketsAreFiles) return existsSync(endpoint);
  const socket = connect(endpoint);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  } finally {
    socket.destroy();
  }
}
