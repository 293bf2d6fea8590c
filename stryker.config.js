// How Stryker mutates, run by `npm run mutate`. The tests import the built package, so the sources are built once with every
// mutant in them; each run of the tests switches one on.
import { MODULES } from './mutation/modules.js';

export default {
  mutate: Object.values(MODULES).flatMap(({ sources }) => sources),
  ignorePatterns: ['dist', 'coverage', 'reports'],
  disableTypeChecks: 'src/**/*.ts',
  buildCommand:
    'tsc -p tsconfig.build.json --noCheck --declaration false --incremental false --tsBuildInfoFile null',
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  // The tests import dist, so Vitest finds none that is related to a file in src.
  vitest: { configFile: 'mutation/vitest.config.js', related: false },
  coverageAnalysis: 'perTest',
  // The modules are loaded once, so what is evaluated only then cannot be switched.
  ignoreStatic: true,
  concurrency: 1,
  // On a busy machine, what is slow is not an endless loop.
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress-append-only', 'html'],
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false, skipFull: true },
  thresholds: { high: 95, low: 85, break: 85 },
};
