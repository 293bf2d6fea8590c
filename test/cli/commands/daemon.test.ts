// The daemon's process ends when it is told to, whatever its threads are doing.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { IpcClient } from 'bunctl-ipc/client';
import { expect, onTestFinished, test } from 'vitest';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { Manager } from '../../support/manager.js';
import { RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

test.skipIf(process.platform === 'win32')(
  'a daemon with a thread in a system call that never returns ends all the same',
  async () => {
    const manager = new Manager();
    const daemon = manager.spawn(['daemon']);
    onTestFinished(() => void daemon.kill('SIGKILL'));
    let [said, complained] = ['', ''];
    daemon.stdout?.setEncoding('utf8').on('data', (part: string) => (said += part));
    daemon.stderr?.setEncoding('utf8').on('data', (part: string) => (complained += part));
    await until(() => said.includes('\n'), 'it listens');
    await manager.ok('start', 'a', '--restart', 'no', '--', 'true');
    await until(async () => (await manager.status('a')).state !== 'Running', 'the app has ended');
    // A pipe that nobody writes to cannot be opened for reading.
    const log = stateFiles(manager.state).log('a', 'stdout');
    rmSync(log, { force: true });
    execFileSync('mkfifo', [log]);
    const reading = await RawClient.connect(manager.socket);
    reading.send({ Logs: { name: 'a', lines: 10 } });
    // What came before another one's answer was received: it is run, though it may not have begun.
    const other = await IpcClient.connect(manager.socket);
    await other.request('List');
    await other.close();
    daemon.kill('SIGTERM');
    expect(await once(daemon, 'close')).toEqual([null, 'SIGKILL']);
    expect(complained).toContain('system call');
  },
);
