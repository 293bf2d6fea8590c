// The environment of an app: exactly the variables it was given, and the few that are ours.
import type { AppConfig } from '../../model/app-config.js';
import { MARK_VARIABLE, NOT_HANDED_ON } from '../../model/own-variables.js';
import { system } from '../../system/system.js';
import type { User } from '../../system/users.js';

export interface EnvironmentSettings {
  readonly config: Pick<AppConfig, 'env'>;
  /** The environment of the caller that started the app. */
  readonly base: NodeJS.ProcessEnv;
  /** The user it runs as, if its configuration names one that is known. */
  readonly user: User | undefined;
  readonly cwd: string;
  /** The daemon's socket: `bunctl` commands of the app go to the daemon that runs it. */
  readonly socket: string;
  readonly mark: string;
  /** Whether `Path` and `PATH` are two variables; default: as on this system. */
  readonly namesHaveCase?: boolean;
}

/**
 * The base without {@link NOT_HANDED_ON}; over it `HOME`, `USER` and `LOGNAME` of another user, `PWD` and
 * `BUNCTL_SOCKET`; over these the variables of the configuration, whatever their names; and the mark.
 */
export function appEnvironment(settings: EnvironmentSettings): NodeJS.ProcessEnv {
  const { config, base, user, cwd, socket, mark, namesHaveCase = system.namesHaveCase } = settings;
  const parts: readonly NodeJS.ProcessEnv[] = [
    // Node would add its own value of this variable.
    { NODE_V8_COVERAGE: undefined },
    Object.fromEntries(Object.entries(base).filter(([name]) => !NOT_HANDED_ON.has(name))),
    user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {},
    { PWD: cwd, BUNCTL_SOCKET: socket },
    config.env,
    { [MARK_VARIABLE]: mark },
  ];
  return joined(
    parts.flatMap((part) => Object.entries(part)),
    namesHaveCase,
  );
}

/** The last value of a name counts. Without case, as on Windows, it counts by the name that it has there. */
function joined(
  variables: readonly (readonly [string, string | undefined])[],
  namesHaveCase: boolean,
): NodeJS.ProcessEnv {
  const last = new Map(
    variables.map(([name, value]) => [namesHaveCase ? name : name.toUpperCase(), [name, value] as const]),
  );
  return Object.fromEntries(last.values());
}
