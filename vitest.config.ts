import { configDefaults, defineConfig } from 'vitest/config';

/** Loads the built package again and again, each time as it is on another system. */
const RELOADING = 'test/supervisor/host/strangers.test.ts';

export default defineConfig({
  test: {
    // Real sockets, threads and processes on a machine that may be busy: generous, since no test asserts speed.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // More than the cores: much of a test's time is spent waiting for processes and deadlines.
    maxWorkers: 4,
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'built',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, RELOADING],
          // Node loads the built package itself, as it does for users.
          server: { deps: { external: [/\/dist\//] } },
        },
      },
      { extends: true, test: { name: 'reloading', include: [RELOADING] } },
    ],
  },
});
