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

/**
 * An object of texts by name, such as variables. The object may come from any client and have a million entries. A
 * schema for each would take seconds, so a loop looks at them, up to the first wrong one.
 */
export const textsByName = z.unknown().transform((given, context): Record<string, string> => {
  const wrong = (message: string, path: readonly string[] = []): never => {
    context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  };
  if (!isObject(given)) return wrong('Invalid input: expected an object');
  // Neither Object.entries nor a copy: each takes longer than all else here.
  for (const name in given) {
    if (!Object.hasOwn(given, name)) continue;
    const value = (given as Record<string, unknown>)[name];
    if (typeof value !== 'string') return wrong('Invalid input: expected a string', [name]);
    if (!name.isWellFormed() || !value.isWellFormed())
      return wrong('must not contain lone surrogates', [name]);
  }
  return given as Record<string, string>;
});

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
