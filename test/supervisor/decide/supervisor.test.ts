// The supervisor in a thread of its own, with a host of the test's.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { STOPPED } from '#dist/supervisor/model/app-state.js';
import { recordOf } from '../../support/host.js';

/**
 * Sets the supervisor up as it is on another system, asks it for a status, and tells which functions of the host it has
 * called. A program that it starts is told too.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { ChildProcess } = require('node:child_process');
  Object.defineProperty(process, 'platform', { value: workerData.platform });
  ChildProcess.prototype.spawn = ({ file }) => {
    parentPort.postMessage('starts ' + file);
    throw new Error('no program may be started');
  };
  const answers = {
    inventory: { apps: [workerData.app], sequence: 0 },
    declared: null,
    shuttingDown: false,
    escaped: [7],
    endEscaped: [],
    ...workerData.answers,
    keeper: null,
    allEscaped: [],
    processTable: { told: 'all', processes: new Map() },
  };
  const call = (name) => async () => {
    parentPort.postMessage(name);
    return name === 'notices' ? new Promise(() => undefined) : answers[name];
  };
  const host = new Proxy({}, { get: (_, name) => call(name) });
  const log = { info() {}, warn() {}, error() {} };
  const around = { host, log, publish: async () => undefined, workerData: { stateDirectory: workerData.home } };
  import(workerData.supervisor)
    .then(({ default: service }) => service.setUp(around))
    .then((supervisor) => supervisor.status(null))
    .then((status) => parentPort.postMessage({ status: status.length }));
`;

/** What a supervisor that takes over an app does, by the functions of the host that it calls; until `enough` of that. */
async function takesOver(
  options: { readonly platform: string; readonly app: object; readonly answers?: object },
  enough: (told: readonly unknown[]) => boolean,
): Promise<unknown[]> {
  const supervisor = import.meta.resolve('#dist/supervisor/decide/supervisor.js');
  const worker = new Worker(THREAD, { eval: true, workerData: { home: '/nowhere', supervisor, ...options } });
  onTestFinished(() => void worker.terminate());
  const told: unknown[] = [];
  while (!enough(told)) told.push(...((await once(worker, 'message')) as unknown[]));
  return told;
}

test('starts no program on Windows, where its thread’s would inherit the files of the apps that main starts', async () => {
  const record = recordOf({ process: { pid: 1, startTime: null, bootId: null } });
  const told = await takesOver(
    { platform: 'win32', app: { record, live: true, exit: null, intoFiles: false } },
    (all) => typeof all.at(-1) === 'object',
  );
  expect(told.at(-1)).toEqual({ status: 1 });
  expect(told).toContain('processTable');
  expect(told.filter((each) => String(each).startsWith('starts'))).toEqual([]);
});

test.each([true, false])(
  'goes on with a shutdown as it was asked for: what apps left behind is ended: %s',
  async (killsEscaped) => {
    const told = await takesOver(
      {
        platform: process.platform,
        app: { record: recordOf({ state: STOPPED }), live: false, exit: null, intoFiles: false },
        answers: { shuttingDown: true, killsEscaped },
      },
      (all) => all.includes('stopped'),
    );
    expect(told).toContain('escaped');
    expect(told.includes('endEscaped')).toBe(killsEscaped);
  },
);
