// Runs tests of the copied project by their titles, and says how each ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftProcesses } from './left-processes.js';

/** How long all tests may take, those of one fault, and one test, in ms. */
const PATIENCE = 20 * 60_000;
const PATIENCE_WITH_FAULT = 3 * 60_000;
const ONE = 30_000;

export interface Ran {
  readonly test: string;
  readonly title: string;
  readonly passed: boolean;
  /** The first line of what a test that failed says. */
  readonly why: string;
}

interface Report {
  testResults: {
    name: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

/** @returns The tests that ran; those that were skipped, or whose file did not load, are not among them. */
export async function runTests(
  folder: string,
  tests: readonly string[],
  titles: readonly string[],
  { untilOneFails = false } = {},
): Promise<Ran[]> {
  // What the tests make is below the folder, too: so it is found, and goes with it.
  const temporary = join(folder, 't');
  mkdirSync(temporary, { recursive: true });
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const files = [...new Set(tests)].map((test) => `test/${test}.test.ts`);
  const pattern = [...new Set(titles)].map(escaped).join('|');
  const limits = [`--testTimeout=${ONE}`, `--hookTimeout=${ONE}`, ...(untilOneFails ? ['--bail=1'] : [])];
  const child = spawn(
    process.execPath,
    [vitest, 'run', ...files, '-t', pattern, ...limits, '--reporter=json', `--outputFile=${report}`],
    {
      cwd: folder,
      env: { ...process.env, TMPDIR: temporary },
      stdio: 'ignore',
      timeout: untilOneFails ? PATIENCE_WITH_FAULT : PATIENCE,
      killSignal: 'SIGKILL',
    },
  );
  await once(child, 'exit');
  endLeftProcesses(folder);
  return read(folder, report);
}

function read(folder: string, path: string): Ran[] {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return [];
  }
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status, failureMessages }) => ({
        test: name.slice(join(folder, 'test').length + 1).replace(/\.test\.ts$/, ''),
        title: fullName,
        passed: status === 'passed',
        why: reasonOf(failureMessages?.[0] ?? ''),
      })),
  );
}

/** The first line. Vitest gives a test that ran out of time the trace of nothing. */
function reasonOf(failure: string): string {
  const [line = ''] = failure.split('\n', 1);
  return line === 'Error: STACK_TRACE_ERROR' ? `not over after ${ONE / 1000} s` : line;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
