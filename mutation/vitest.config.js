// How Stryker runs the tests of one module; `mutation/run.js` names them.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: JSON.parse(process.env.MUTATION_TESTS ?? '["test/**/*.test.ts"]'),
    setupFiles: ['mutation/fixed-seed.js'],
    // To load the modules anew for each mutant would take most of the time.
    isolate: false,
    // A slow machine is not a mutant that was noticed; Stryker ends what is endless.
    testTimeout: 60_000,
  },
});
