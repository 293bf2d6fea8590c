// An app's environment: that of whoever starts it, and what was given beside it.
import type { AppConfig } from './app-config.js';
import { usage } from './exit.js';

/** `KEY=VALUE` pairs as they were typed. */
export function environmentGiven(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw usage(`--env needs KEY=VALUE, not "${at < 0 ? pair : '=…'}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** An app has the environment of whoever starts it, not of whoever started the daemon. */
export function withCallersEnvironment(app: AppConfig): AppConfig {
  const own = Object.entries(process.env).filter(
    ([key, value]) => value !== undefined && !/^(BUNCTL_.*|_|SHLVL|PWD|OLDPWD)$/.test(key),
  ) as [string, string][];
  return { ...app, env: { ...Object.fromEntries(own), ...app.env } };
}
