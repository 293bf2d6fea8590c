// Which names a variable of an environment can have: the environment of a process is a list of NAME=VALUE.

/**
 * Why one of these names cannot be that of a variable, as a sentence; undefined if all can. Shows no value, so nothing
 * after a "=".
 */
export function whyNotVariables(variables: Readonly<Record<string, unknown>>): string | undefined {
  const bad = Object.keys(variables).find((name) => /[=\0]/.test(name));
  if (bad === undefined) return undefined;
  const begin = bad.replace(/[=\0].*/s, '').slice(0, 100);
  return `the name of a variable cannot hold "=" or a NUL byte, as the one does that begins with "${begin}"`;
}

/** As {@link whyNotVariables}, for variables that somebody has written down. An empty name is a mistake there. */
export function whyNotOwnVariables(variables: Readonly<Record<string, unknown>>): string | undefined {
  if (Object.hasOwn(variables, '')) return 'the name of a variable cannot be empty';
  return whyNotVariables(variables);
}
