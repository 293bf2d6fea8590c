// The start times that a PowerShell tells, with a program of the test's own in its place.
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { PowerShell } from '#dist/supervisor/system/powershell.js';

/** A program that answers as the script does; the process with the number 1 does not exist. */
const answers = `require('readline').createInterface({ input: process.stdin }).on('line', (pid) =>
  console.log(pid + ' ' + (pid === '1' ? '' : '6390000000000' + pid)))`;

function shellOf(program: string, patience?: number) {
  const started: number[] = [];
  const shell = new PowerShell(() => {
    const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'] });
    started.push(child.pid as number);
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  }, patience);
  return { shell, started };
}

test('one PowerShell answers all questions in their order', async () => {
  const { shell, started } = shellOf(answers);
  expect(await Promise.all([shell.startTimeOf(42), shell.startTimeOf(1), shell.startTimeOf(43)])).toEqual([
    '639000000000042',
    null,
    '639000000000043',
  ]);
  expect(await shell.startTimeOf(44)).toBe('639000000000044');
  expect(started).toHaveLength(1);
});

test('one that ends without an answer, as Wine has it, tells nothing, and is started again for the next question', async () => {
  const { shell, started } = shellOf('');
  expect(await shell.startTimeOf(42)).toBeNull();
  expect(await shell.startTimeOf(42)).toBeNull();
  expect(started).toHaveLength(2);
});

test('one that is not installed tells nothing', async () => {
  const shell = new PowerShell(() =>
    spawn('/nowhere/powershell.exe', [], { stdio: ['pipe', 'pipe', 'ignore'] }),
  );
  expect(await shell.startTimeOf(42)).toBeNull();
});

test('one that does not answer is ended after its time', async () => {
  const { shell } = shellOf('setInterval(() => undefined, 1000)', 200);
  expect(await shell.startTimeOf(42)).toBeNull();
});
