// Variables of the environment that are true only of one process, and so are not handed on to an app.

/** The variable that holds the mark of an app's run; see `mark.ts`. */
export const MARK_VARIABLE = 'BUNCTL_APP';

/** The variable that tells a daemon which one it replaces: the number of a process that has died. */
export const REPLACES = 'BUNCTL_REPLACES';
/** `0` keeps a daemon that dies from being started again. */
export const RESPAWN = 'BUNCTL_RESPAWN';
/** The least level of the daemon's log. */
export const LOG_LEVEL = 'BUNCTL_LOG_LEVEL';

/**
 * Variables that an app does not get from the environment of its caller: a shell's own, those of Node's channel to a
 * parent, and those of a daemon. Every other variable is handed on, also one whose name begins with `BUNCTL_`.
 */
export const NOT_HANDED_ON: ReadonlySet<string> = new Set([
  '_',
  'SHLVL',
  'PWD',
  'OLDPWD',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'BUNCTL_SOCKET',
  'BUNCTL_STATE_DIR',
  'BUNCTL_READY_FD',
  'BUNCTL_OPEN_FILES',
  REPLACES,
  RESPAWN,
  LOG_LEVEL,
  MARK_VARIABLE,
]);
