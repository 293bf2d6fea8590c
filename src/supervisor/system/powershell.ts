// All processes of Windows, told by a PowerShell that stays for a while and answers one question after the other.
import { type ChildProcess, spawn } from 'node:child_process';
import { win32 } from 'node:path';
import { createInterface } from 'node:readline';
import { systemFolder } from './system-folder.js';

/** How long, in ms, an answer may take; the first one waits for the start of PowerShell. */
const PATIENCE = 20_000;
/** How long, in ms, one without questions is kept. */
const IDLE = 30_000;
/** The most lines that an answer may have. */
const MOST_LINES = 100_000;

/**
 * Prints a row for each process, as `parsePowerShell` reads it. It calls one method alone, of a date, which PowerShell also
 * allows where an administrator has restricted its language.
 */
const ROWS =
  "Get-CimInstance -ErrorAction SilentlyContinue -Query 'SELECT ProcessId, ParentProcessId, CreationDate," +
  " WorkingSetSize, KernelModeTime, UserModeTime FROM Win32_Process'" +
  ' | ForEach-Object { "p $($_.ProcessId) $($_.ParentProcessId)' +
  ' $(if ($_.CreationDate) { $_.CreationDate.ToFileTimeUtc() } else { 0 })' +
  ' $($_.WorkingSetSize) $($_.KernelModeTime) $($_.UserModeTime)" }';

/** The line by which PowerShell answers one question: the rows, and a word that ends them. */
export const question = (number: number): string => `${ROWS}; "done ${number}"\n`;

/** How it is started; a test gives its own. */
export type StartShell = () => ChildProcess;

const start: StartShell = () => {
  const cwd = systemFolder();
  // It runs each line of its stdin when that has come.
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', '-'];
  return spawn(win32.join(cwd, 'WindowsPowerShell', 'v1.0', 'powershell.exe'), args, {
    cwd,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
};

interface Question {
  readonly number: number;
  readonly lines: string[];
  readonly answer: (lines: readonly string[] | undefined) => void;
}

export class PowerShell {
  readonly #start: StartShell;
  readonly #patience: number;
  #child: ChildProcess | undefined;
  #number = 0;
  #questions: Question[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(startShell: StartShell = start, patience = PATIENCE) {
    this.#start = startShell;
    this.#patience = patience;
  }

  /** The rows of all processes; undefined if there is no PowerShell that answers. */
  processes(): Promise<readonly string[] | undefined> {
    return new Promise((answer) => {
      const number = (this.#number += 1);
      this.#questions.push({ number, lines: [], answer });
      this.#child ??= this.#begin();
      this.#child.stdin?.write(question(number));
      this.#endAfter(this.#patience);
    });
  }

  #begin(): ChildProcess {
    const child = this.#start();
    const over = (): void => {
      if (this.#child === child) this.#over();
    };
    child.once('error', over);
    child.once('exit', over);
    child.stdin?.on('error', () => undefined);
    if (child.stdout)
      createInterface(child.stdout).on('line', (line) => {
        if (this.#child === child) this.#printed(line);
      });
    // It is to keep nothing alive.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) (stream as { unref?: () => void } | null)?.unref?.();
    return child;
  }

  #printed(line: string): void {
    const [first] = this.#questions;
    if (first === undefined) return;
    if (line.trim() !== `done ${first.number}`) {
      if (first.lines.length < MOST_LINES) first.lines.push(line);
      return;
    }
    this.#questions.shift();
    first.answer(first.lines);
    this.#endAfter(this.#questions.length > 0 ? this.#patience : IDLE);
  }

  #endAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const child = this.#child;
      this.#over();
      child?.kill();
    }, ms);
    this.#timer.unref();
  }

  /** It has ended, or does not answer. */
  #over(): void {
    clearTimeout(this.#timer);
    this.#child = undefined;
    for (const { answer } of this.#questions.splice(0)) answer(undefined);
  }
}
