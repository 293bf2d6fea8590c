// Whose environment is where: an app gets that of whoever starts it, the daemon in the background nearly nothing.
import { usage } from '../terminal/exit.js';

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

function chosen(env: NodeJS.ProcessEnv, wanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0]),
    ),
  );
}

/**
 * What goes beside an app's configuration: the environment of whoever starts it, not of whoever started the daemon.
 * What the shell keeps of itself, and what is the daemon's or another app's, is left out.
 */
export function callersEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return chosen(env, (key) => !/^(BUNCTL_.*|_|SHLVL|PWD|OLDPWD)$/.test(key));
}

/**
 * What a daemon in the background needs of its caller's environment: it lives on, and what it has everybody can read who
 * can read its memory, so it gets no secrets. TMP and TEMP are places, as TMPDIR is: the rule for the socket reads them.
 */
export function daemonEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return chosen(env, (key) =>
    /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_\w+|BUNCTL_SOCKET|BUNCTL_STATE_DIR)$/.test(
      key,
    ),
  );
}
