// Properties as tests: what holds for every value that fast-check makes.
import fc from 'fast-check';
import { test } from 'vitest';

type Values = [unknown, ...unknown[]];

/**
 * A test that a property holds for any values of these kinds. Written here, because @fast-check/vitest needs more than two
 * seconds to load, in each file again.
 */
export const property =
  <T extends Values>(
    kinds: { [K in keyof T]: fc.Arbitrary<T[K]> },
    parameters: fc.Parameters<T> = {},
  ): ((name: string, holds: (...values: T) => void | Promise<void>) => void) =>
  (name, holds) => {
    test(name, () =>
      fc.assert(
        fc.asyncProperty(...kinds, async (...values) => holds(...values)),
        parameters,
      ),
    );
  };
