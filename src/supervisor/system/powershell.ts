// The start times of processes on Windows, told by a PowerShell that stays for a while and answers line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import { win32 } from 'node:path';
import { createInterface } from 'node:readline';

/** How long, in ms, an answer may take; the first one waits for the start of PowerShell. */
const PATIENCE = 20_000;
/** How long, in ms, one without questions is kept. */
const IDLE = 30_000;

/** Reads the number of a process from each line, and answers with it and its start time in UTC, in steps of 100 ns. */
const SCRIPT =
  '$ErrorActionPreference = "SilentlyContinue"; ' +
  'while ($null -ne ($line = [Console]::In.ReadLine())) { ' +
  '$found = Get-Process -Id ([int]$line); ' +
  '$start = if ($found) { $found.StartTime.ToUniversalTime().Ticks } else { "" }; ' +
  '[Console]::Out.WriteLine("$line $start"); [Console]::Out.Flush() }';

/** How it is started; a test gives its own. */
export type StartShell = () => ChildProcess;

const start: StartShell = () =>
  spawn(
    win32.join(
      process.env['SystemRoot'] ?? 'C:\\Windows',
      'System32',
      'WindowsPowerShell',
      'v1.0',
      'powershell.exe',
    ),
    ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', SCRIPT],
    { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true },
  );

interface Question {
  readonly pid: number;
  readonly answer: (startTime: string | null) => void;
}

export class PowerShell {
  readonly #start: StartShell;
  readonly #patience: number;
  #child: ChildProcess | undefined;
  #questions: Question[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(startShell: StartShell = start, patience = PATIENCE) {
    this.#start = startShell;
    this.#patience = patience;
  }

  /** The start time of a process; null if there is none of that number, or no PowerShell that answers. */
  startTimeOf(pid: number): Promise<string | null> {
    return new Promise((answer) => {
      this.#questions.push({ pid, answer });
      this.#child ??= this.#begin();
      this.#child.stdin?.write(`${pid}\n`);
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
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.#answered(line));
    // It is to keep nothing alive.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) (stream as { unref?: () => void } | null)?.unref?.();
    return child;
  }

  #answered(line: string): void {
    const [pid, time] = line.trim().split(' ');
    const [first] = this.#questions;
    if (first === undefined || String(first.pid) !== pid) return;
    this.#questions.shift();
    first.answer(time !== undefined && /^\d+$/.test(time) ? time : null);
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
    for (const { answer } of this.#questions.splice(0)) answer(null);
  }
}
