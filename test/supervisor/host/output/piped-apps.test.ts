// An app of which the keeper cannot be told for a while, such as for want of descriptors, is read as soon as it can.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AppOutputs } from '#dist/supervisor/host/output/app-output.js';
import { serve } from '#dist/supervisor/keeper/server.js';
import type { OpenFifos } from '#dist/supervisor/model/keeper-messages.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { VERSION } from '#dist/version.js';
import { temporaryDirectory } from '../../../support/daemon.js';
import { SLEEPS } from '../../../support/host.js';
import { hasFifos, hasProc } from '../../../support/platform.js';
import { until } from '../../../support/until.js';

const noDescriptors = (): Error =>
  Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });

/** What is in a FIFO that somebody holds open. */
function contents(way: string | undefined): string {
  if (way === undefined) return '';
  const fd = openSync(way, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(100);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

/** Outputs whose keeper can open nothing for the first times that it is asked. */
async function failing(times: number) {
  const directory = temporaryDirectory();
  const opens: (OpenFifos & { readonly stdout: string })[] = [];
  const synced: unknown[] = [];
  let refused = 0;
  const server = await serve(stateFiles(directory).keeper, {
    onRequest: (request) => {
      if ('Hello' in request) return JSON.stringify({ version: VERSION, pid: process.pid });
      if ('Sync' in request) synced.push((request['Sync'] as { id: string }).id);
      if (!('Open' in request)) return 'done';
      if (refused < times) {
        refused += 1;
        throw noDescriptors();
      }
      const open = request['Open'] as OpenFifos;
      opens.push({ ...open, stdout: contents(open.fifos.stdout) });
      return 'Opened';
    },
    onEnd: () => undefined,
  });
  onTestFinished(() => void server.close());
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const outputs = new AppOutputs({ directory, log, defaults: {}, again: null, openFiles: undefined });
  onTestFinished(() => outputs.close());
  expect(await outputs.kind()).toBe('pipes');
  const open = async () => {
    const { stdout, stderr } = await outputs.open('a', SLEEPS, 'pipes', undefined);
    onTestFinished(() => Promise.allSettled([stdout.close(), stderr.close()]).then(() => undefined));
    return { stdout, stderr };
  };
  return { outputs, open, opens, synced, lines };
}

describe.runIf(hasFifos && hasProc)('an app whose FIFOs the keeper cannot open', () => {
  test('is told to it again each second while it runs, and the log says it once', async () => {
    const { open, opens, lines } = await failing(2);
    const { stdout } = await open();
    await stdout.write('text');
    expect(lines.filter((line) => line.includes('could not be told of an app'))).toHaveLength(1);
    await until(() => opens.length === 1, 'the keeper is told of it');
    expect(opens).toMatchObject([{ id: 'a', stdout: 'text' }]);
    expect(lines).toHaveLength(1);
  });

  test('and that has ended meanwhile loses nothing of what it has printed', async () => {
    const { outputs, open, opens, synced } = await failing(1);
    const { stdout, stderr } = await open();
    await stdout.write('last');
    await stdout.close();
    await stderr.close();
    outputs.ended('a');
    await until(() => opens.length === 1, 'the keeper is told of it');
    expect(opens).toMatchObject([{ id: 'a', stdout: 'last' }]);
    expect(synced).not.toContain('a');
  });

  test('is told to it again after it was adopted', async () => {
    const { outputs, opens } = await failing(1);
    await outputs.adopt('a', SLEEPS, process.pid, () => Promise.resolve([]));
    await until(() => opens.length === 1, 'the keeper is told of it');
    expect(opens).toMatchObject([{ id: 'a', newRun: false }]);
  });
});

test.runIf(hasFifos && hasProc)(
  'an adopted app whose FIFOs cannot be found for a while is looked for again',
  async () => {
    const { outputs, opens, lines } = await failing(0);
    let looks = 0;
    await outputs.adopt('a', SLEEPS, process.pid, () => {
      looks += 1;
      return looks === 1 ? Promise.reject(noDescriptors()) : Promise.resolve([]);
    });
    expect(lines.join('')).toContain('EMFILE');
    // The keeper finds by itself what is at its place.
    expect(opens).toHaveLength(1);
    await until(() => opens.length === 2, 'it is told again');
    expect(looks).toBeGreaterThan(1);
    expect(lines).toHaveLength(1);
  },
);
