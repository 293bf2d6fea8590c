// The program behind `npm run mutate`.
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { MODULES } from './modules.js';

const HELP = `Changes one place in a module at a time, and looks whether a test fails. It takes some minutes for each module.

  npm run mutate                  every module: ${Object.keys(MODULES).join(', ')}
  npm run mutate -- claims drops  these modules
  npm run mutate -- --changed     only what has changed since the last run: mutants and tests

The reports are reports/mutation/MODULE.html. It exits with 0 when tests fail for at least 85 % of each module's mutants,
with 1 when they do not, and with 2 for a module that does not exist.`;

/** A row of the table: how many mutants there are, and how many were killed and survived. */
async function mutate(name, onlyChanged) {
  const { sources, tests } = MODULES[name];
  // Read by vitest.config.js, in the process that Stryker starts.
  process.env.MUTATION_TESTS = JSON.stringify(tests);
  const mutants = await new Stryker({
    mutate: [...sources],
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    incremental: true,
    incrementalFile: `reports/mutation/${name}.json`,
    force: !onlyChanged,
  }).runMutationTest();
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const survived = count('Survived', 'NoCoverage');
  const all = killed + survived;
  return `| ${name} | ${all} | ${killed} | ${survived} | ${((100 * killed) / all).toFixed(1)} % |`;
}

/** The names and options; undefined, once the fault is told, for what the program does not know. */
function readArguments() {
  try {
    const line = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean' }, changed: { type: 'boolean' } },
    });
    const unknown = line.positionals.filter((name) => !Object.hasOwn(MODULES, name));
    if (unknown.length > 0) throw new TypeError(`There is no module ${unknown.join(', ')}.`);
    return { ...line.values, names: line.positionals };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${HELP}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

const line = readArguments();
if (line?.help) {
  process.stdout.write(`${HELP}\n`);
} else if (line) {
  const rows = [];
  for (const name of line.names.length > 0 ? line.names : Object.keys(MODULES))
    rows.push(await mutate(name, line.changed === true));
  const head = '| module | mutants | killed | survived | score |\n|---|---|---|---|---|';
  process.stdout.write(`\n${head}\n${rows.join('\n')}\n`);
}
