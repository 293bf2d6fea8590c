// Which variables go where: an app gets its caller's environment, a daemon in the background nearly nothing.
import { NOT_HANDED_ON } from '../../supervisor/model/own-variables.js';
import { usage } from '../terminal/exit.js';

/** Variables from `KEY=VALUE` pairs as they were typed. */
export function parseVariables(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      // The value may be a secret, so it is not repeated.
      if (at < 1) throw usage(`--env needs KEY=VALUE, not "${at < 0 ? pair : '=…'}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function select(env: NodeJS.ProcessEnv, wanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0]),
    ),
  );
}

/**
 * The environment that an app's own variables are added to: the one of the command that starts it, not the daemon's.
 * Only {@link NOT_HANDED_ON} is left out.
 */
export function callersEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return select(env, (key) => !NOT_HANDED_ON.has(key));
}

/** The names of the system's own folders and of the user's, without which programs of Windows do not start. */
const KEPT_ON_WINDOWS =
  /^(PATH|PATHEXT|SystemRoot|SystemDrive|windir|ComSpec|OS|USERPROFILE|USERNAME|USERDOMAIN|HOMEDRIVE|HOMEPATH|HOME|APPDATA|LOCALAPPDATA|ProgramData|ALLUSERSPROFILE|PUBLIC|ProgramFiles(\(x86\))?|ProgramW6432|CommonProgramFiles(\(x86\))?|CommonProgramW6432|PROCESSOR_\w+|NUMBER_OF_PROCESSORS|COMPUTERNAME|TMP|TEMP|TZ|LANG|LC_\w+|BUNCTL_SOCKET|BUNCTL_STATE_DIR|BUNCTL_RESPAWN|BUNCTL_LOG_LEVEL)$/i;

/**
 * The part of its caller's environment that a daemon in the background needs. The daemon outlives its caller, and any process
 * that can read its memory can read its environment, so it gets no secrets. TMP and TEMP are places like TMPDIR: the rule for the socket reads them.
 */
export function daemonEnvironment(
  env: NodeJS.ProcessEnv,
  platform: string = process.platform,
): Record<string, string> {
  if (platform === 'win32') return select(env, (key) => KEPT_ON_WINDOWS.test(key));
  return select(env, (key) =>
    /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_\w+|BUNCTL_SOCKET|BUNCTL_STATE_DIR|BUNCTL_RESPAWN|BUNCTL_LOG_LEVEL)$/.test(
      key,
    ),
  );
}
