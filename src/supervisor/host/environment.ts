// The environment of an app: exactly the variables it was given, and the few that are ours.
import type { AppConfig } from '../model/app-config.js';
import { MARK_VARIABLE } from '../system/marked.js';
import type { User } from '../system/users.js';

/** Variables that are true only of the process that had them: a shell's own, Node's channel, and a daemon's. */
const NOT_HANDED_ON: ReadonlySet<string> = new Set([
  '_',
  'SHLVL',
  'OLDPWD',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'BUNCTL_SOCKET',
  'BUNCTL_STATE_DIR',
  'BUNCTL_READY_FD',
  'BUNCTL_OPEN_FILES',
  MARK_VARIABLE,
]);

export interface EnvironmentSettings {
  readonly config: Pick<AppConfig, 'env'>;
  /** The environment of the caller that started the app. */
  readonly base: NodeJS.ProcessEnv;
  /** The user it runs as, if its configuration names one that is known. */
  readonly user: User | undefined;
  readonly cwd: string;
  /** Where the daemon listens: what the app asks bunctl is asked of the daemon that runs it. */
  readonly socket: string;
  readonly mark: string;
}

/**
 * The base without {@link NOT_HANDED_ON}; over it `HOME`, `USER` and `LOGNAME` of another user, `PWD` and
 * `BUNCTL_SOCKET`; over these the variables of the configuration, whatever their names; and the mark.
 */
export function appEnvironment(settings: EnvironmentSettings): NodeJS.ProcessEnv {
  const { config, base, user, cwd, socket, mark } = settings;
  return {
    // Node hands on this one of its own unless it is here.
    NODE_V8_COVERAGE: undefined,
    ...Object.fromEntries(Object.entries(base).filter(([name]) => !NOT_HANDED_ON.has(name))),
    ...(user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {}),
    PWD: cwd,
    BUNCTL_SOCKET: socket,
    ...config.env,
    [MARK_VARIABLE]: mark,
  };
}
