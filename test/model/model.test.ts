// Random sequences of what clients do, over a real socket, against a model of what each client may see.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { sequences, take } from './steps.js';
import { Daemons, World } from './world.js';

/** MODEL_RUNS=N makes N runs, others each time; MODEL_SEED and MODEL_PATH replay one. */
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
/** A failure is told before the test's own deadline, however long it takes to make it shorter. */
const LIMIT = MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 40_000 } : {};

describe.each([
  ['thread', 12],
  ['process', 4],
] as const)('with lanes in a %s, clients that do anything in any order', (isolation, runs) => {
  const daemons = new Daemons(isolation);
  afterAll(() => daemons.close());

  test(
    'get each answer in order, and each event or its place in a notice',
    async () => {
      const property = fc.asyncProperty(sequences, async (steps) => {
        const world = await World.open(daemons);
        try {
          await take(steps, world);
        } finally {
          world.drop();
        }
      });
      const seed = MODEL_SEED ?? (MODEL_RUNS === undefined ? 1 : undefined);
      const details = await fc.check(property, {
        numRuns: Number(MODEL_RUNS ?? runs),
        ...(seed !== undefined && { seed: Number(seed) }),
        ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
        ...LIMIT,
      });
      const how = `MODEL_SEED=${details.seed} MODEL_PATH='${details.counterexamplePath ?? ''}' npx vitest run test/model -t ${isolation}`;
      const why = details.errorInstance as Error | null;
      expect(details.failed, `replay it: ${how}\n${why?.message ?? ''}`).toBe(false);
      // The usual runs have subscribers that do not read.
      if (MODEL_SEED === undefined && MODEL_RUNS === undefined) expect(daemons.dropped).toBeGreaterThan(0);
    },
    MODEL_RUNS === undefined ? 240_000 : 24 * 3600 * 1000,
  );
});
