// The owner of a state directory writes down who it is, for the sentence that another daemon gets.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownState } from '#dist/supervisor/state/owner.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { temporaryDirectory } from '../../support/daemon.js';

test('it has the state though the disk is full and it cannot be written down, and tells why', async () => {
  const directory = temporaryDirectory();
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const { untold } = await ownState(directory, '/s', () => Promise.reject(full));
  expect(untold).toBe(full);
  await expect(ownState(directory, '/s')).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
});

test('its socket and its host are written down', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 's');
  expect((await ownState(directory, path)).untold).toBeUndefined();
  expect(readFileSync(stateFiles(directory).lock, 'utf8')).toBe(`${path}\n${hostname()}\n`);
});
