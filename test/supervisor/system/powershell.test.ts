// The PowerShell that tells of processes, with a program of the test's own in its place.
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { PowerShell } from '#dist/supervisor/system/powershell.js';

/** A program that answers each line as PowerShell does: with rows, and the word at the end of the line. */
const answers = `let asked = 0;
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  asked += 1;
  console.log('p ' + asked + ' 1 2 3 4 5');
  console.log(/"(done \\d+)"$/.exec(line)[1]);
})`;

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
  expect(await Promise.all([shell.processes(), shell.processes()])).toEqual([
    ['p 1 1 2 3 4 5'],
    ['p 2 1 2 3 4 5'],
  ]);
  expect(await shell.processes()).toEqual(['p 3 1 2 3 4 5']);
  expect(started).toHaveLength(1);
});

test('what it prints before its first answer, such as a greeting, ends no answer', async () => {
  const { shell } = shellOf(`console.log('Windows PowerShell'); console.log('done 0'); ${answers}`);
  expect(await shell.processes()).toEqual(['Windows PowerShell', 'done 0', 'p 1 1 2 3 4 5']);
});

test('one that ends without an answer, as Wine has it, tells nothing, and is started again for the next question', async () => {
  const { shell, started } = shellOf('');
  expect(await shell.processes()).toBeUndefined();
  expect(await shell.processes()).toBeUndefined();
  expect(started).toHaveLength(2);
});

test('one that is not installed tells nothing', async () => {
  const shell = new PowerShell(() =>
    spawn('/nowhere/powershell.exe', [], { stdio: ['pipe', 'pipe', 'ignore'] }),
  );
  expect(await shell.processes()).toBeUndefined();
});

test('one that does not answer is ended after its time', async () => {
  const { shell } = shellOf('setInterval(() => undefined, 1000)', 200);
  expect(await shell.processes()).toBeUndefined();
});
