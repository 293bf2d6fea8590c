// The program behind `npm run mutate`.
import { Stryker } from '@stryker-mutator/core';
import { MODULES } from './modules.js';

const names = process.argv.slice(2);
const known = Object.keys(MODULES);
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no module ${unknown.join(', ')}; the modules are ${known.join(', ')}\n`);
  process.exit(2);
}

const rows = [];
for (const name of names.length > 0 ? names : known) {
  const { sources, tests } = MODULES[name];
  process.env.MUTATION_TESTS = JSON.stringify(tests);
  const mutants = await new Stryker({
    mutate: [...sources],
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
  }).runMutationTest();
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const survived = count('Survived', 'NoCoverage');
  const score = ((100 * killed) / (killed + survived)).toFixed(1);
  rows.push(`| ${name} | ${killed + survived} | ${killed} | ${survived} | ${score} % |`);
}
process.stdout.write(
  `\n| module | mutants | killed | survived | score |\n|---|---|---|---|---|\n${rows.join('\n')}\n`,
);
