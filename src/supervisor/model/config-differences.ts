// The differences between two configurations of an app.
import { isDeepStrictEqual } from 'node:util';
import type { AppConfig } from './app-config.js';

/** The keys whose values differ, such as `args`; variables of `env` each by its name, such as `env.PORT`. No values. */
export function configDifferences(a: AppConfig, b: AppConfig): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof AppConfig)[]);
  return [...keys].flatMap((key) => {
    if (isDeepStrictEqual(a[key], b[key])) return [];
    if (key !== 'env') return [key];
    const names = new Set([...Object.keys(a.env), ...Object.keys(b.env)]);
    return [...names].filter((name) => a.env[name] !== b.env[name]).map((name) => `env.${name}`);
  });
}
