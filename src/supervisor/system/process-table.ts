// All processes of Windows at once, told by the first of its programs that answers: PowerShell, wmic, tasklist.
import { execFile } from 'node:child_process';
import { win32 } from 'node:path';
import { NOTHING_TOLD, type TableOfProcesses, type Told } from './facts.js';
import { PowerShell } from './powershell.js';
import { SharedScan } from './scan.js';
import type { ProcessStat } from './stat.js';
import { systemFolder } from './system-folder.js';
import { parsePowerShell, parseTasklist, parseWmic, textOf, WMIC_COLUMNS } from './tasks.js';

/** A program that tells of all processes. */
export interface Teller {
  readonly told: Told;
  /** Resolves with undefined if it gives no answer. */
  readonly ask: () => Promise<ReadonlyMap<number, ProcessStat> | undefined>;
}

/** How long, in ms, a program that runs once may take, and the most bytes that it may print. */
const PATIENCE = 10_000;
const MOST = 16 * 1024 * 1024;
/** How long, in ms, one that gave no answer is not asked again. */
const REST = 5 * 60_000;

function systemTellers(): Teller[] {
  const shell = new PowerShell();
  return [
    {
      told: 'all',
      ask: async () => {
        const lines = await shell.processes();
        return lines && parsePowerShell(lines);
      },
    },
    {
      told: 'all',
      ask: () => once(['wbem', 'wmic.exe'], ['process', 'get', WMIC_COLUMNS, '/value'], parseWmic),
    },
    { told: 'alone', ask: () => once(['tasklist.exe'], ['/fo', 'csv', '/nh'], parseTasklist) },
  ];
}

export class ProcessTable {
  readonly #tellers: readonly Teller[];
  readonly #now: () => number;
  /** When each of them may be asked again. */
  readonly #restsUntil = new Map<Teller, number>();
  readonly #reads = new SharedScan(() => this.#read());

  /** @param now Milliseconds of a clock that does not jump. */
  constructor(tellers: readonly Teller[] = systemTellers(), now: () => number = () => performance.now()) {
    this.#tellers = tellers;
    this.#now = now;
  }

  /** The processes by a look that begins after this call. Never rejects. */
  read(): Promise<TableOfProcesses> {
    return this.#reads.result();
  }

  async #read(): Promise<TableOfProcesses> {
    for (const teller of this.#tellers) {
      if (this.#now() < (this.#restsUntil.get(teller) ?? -Infinity)) continue;
      const processes = await teller.ask().catch(() => undefined);
      if (processes !== undefined && processes.size > 0) return { told: teller.told, processes };
      this.#restsUntil.set(teller, this.#now() + REST);
    }
    return NOTHING_TOLD;
  }
}

/** Runs a program of the system's own folder. */
function once(
  path: readonly string[],
  args: readonly string[],
  parse: (text: string) => ReadonlyMap<number, ProcessStat>,
): Promise<ReadonlyMap<number, ProcessStat> | undefined> {
  const cwd = systemFolder();
  const program = win32.join(cwd, ...path);
  return new Promise((resolve) => {
    const options = {
      cwd,
      encoding: 'buffer',
      timeout: PATIENCE,
      maxBuffer: MOST,
      windowsHide: true,
    } as const;
    const child = execFile(program, args, options, (error, output) =>
      resolve(error === null ? parse(textOf(output)) : undefined),
    );
    // Some wait for the end of it.
    child.stdin?.on('error', () => undefined).end();
  });
}
