// Objects whose keys come from outside: "__proto__" is a key like any other here. z.record leaves it out without a word.
import { z } from 'zod';

/** An object with any keys that pass `key`, and values that pass `value`. */
export const recordOf = <V extends z.ZodType>(key: z.ZodType<string>, value: V) =>
  z
    .preprocess(
      (given) => (isObject(given) ? new Map(Object.entries(given)) : given),
      z.map(key, value, {
        error: ({ code }) => (code === 'invalid_type' ? 'Invalid input: expected an object' : undefined),
      }),
    )
    .transform((map): Record<string, z.output<V>> => Object.fromEntries(map));

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
