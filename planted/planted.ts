// The program behind `npm run planted`.
import type { Fault } from './fault.js';
import { Project } from './project.js';
import { ROWS } from './rows/index.js';
import { runTests, type Ran } from './run-tests.js';

interface Planted extends Fault {
  readonly row: string;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const HELP = `Breaks the built code in one place at a time, and looks whether the test that must notice it fails.

  npm run planted                 every fault; each takes some seconds
  npm run planted -- WORDS…       the faults with these words in their row, their sentence or their test

It exits with 0 when each fault has turned its test red, with 1 when one has not, and with 2 when no fault has
these words.`;

const wanted = process.argv.slice(2);
if (wanted.some((word) => word === '--help' || word === '-h')) {
  say(HELP);
  process.exit();
}
const all: Planted[] = ROWS.flatMap(({ row, faults }) => faults.map((fault) => ({ row, ...fault })));
const chosen = all.filter((each) => {
  const words = `${each.row}: ${each.fault} ${each.test} ${each.title}`;
  return wanted.length === 0 || wanted.some((word) => words.includes(word));
});

const isOf = (fault: Fault, { test, title }: Ran): boolean =>
  test === fault.test && title.includes(fault.title);

/** What a fault did to its test; `red` is what it must do. */
async function outcomeOf(project: Project, fault: Fault, healthy: readonly Ran[]): Promise<[string, string]> {
  const before = healthy.filter((ran) => isOf(fault, ran));
  if (before.length === 0) return ['NO TEST', 'no test of this title ran'];
  const sick = before.find(({ passed }) => !passed);
  if (sick) return ['SICK', `the test fails without the fault: ${sick.why}`];
  try {
    project.plant(fault);
  } catch (error) {
    return ['NOT PLANTED', (error as Error).message];
  }
  const ran = (await runTests(project.folder, [fault.test], [fault.title], { untilOneFails: true })).filter(
    (each) => isOf(fault, each),
  );
  const failed = ran.find(({ passed }) => !passed);
  if (failed) return ['red', failed.why];
  return ran.length === 0 ? ['NO TEST', 'no test ran: the file did not load'] : ['GREEN', ''];
}

async function main(): Promise<boolean> {
  const project = new Project();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      project.remove();
      process.exit(1);
    });
  let red = 0;
  try {
    say(`${chosen.length} faults; the tests without any of them come first`);
    const healthy = await runTests(
      project.folder,
      chosen.map(({ test }) => test),
      chosen.map(({ title }) => title),
    );
    for (const fault of chosen) {
      const began = performance.now();
      const [outcome, why] = await outcomeOf(project, fault, healthy);
      if (outcome === 'red') red += 1;
      const seconds = Math.round((performance.now() - began) / 1000);
      say(`${outcome.padEnd(11)} ${String(seconds).padStart(3)} s  ${fault.row}: ${fault.fault}`);
      say(`                   ${fault.test} "${fault.title}" ${why.slice(0, 150)}`);
    }
  } finally {
    project.remove();
  }
  say(`${red} of ${chosen.length} faults turned their test red`);
  return red === chosen.length;
}

// A reader such as `head` that has seen enough is not a fault.
process.stdout.on('error', () => process.exit(0));

if (chosen.length === 0) {
  process.stderr.write(
    `No fault has ${JSON.stringify(wanted.join(' '))} in its row, its sentence or its test\n`,
  );
  process.exitCode = 2;
} else {
  process.exitCode = (await main()) ? 0 : 1;
}
