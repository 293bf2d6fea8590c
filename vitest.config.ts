import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets, threads and processes on a machine that may be busy: generous, since no test asserts speed.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // More than the cores: much of a test's time is spent waiting for processes and deadlines.
    maxWorkers: 4,
    isolate: false,
  },
});
