// Options of pm2 that bunctl does not have, each with what it has instead.

const LOGS = 'bunctl keeps both streams of an app in one log; `bunctl status NAME` shows where it is.';
const NO_WATCH = 'bunctl does not watch files; Node does: bunctl start NAME -- node --watch FILE.';
const ONE_PROCESS =
  'bunctl runs one process for each app; `bunctl start FILE --name NAME` starts another app of the same file.';
const TIMETABLE = 'bunctl has no timetable; a line of crontab does it: 0 4 * * * bunctl restart NAME';
const PROGRAM =
  'The program and its options go after --: bunctl start NAME -- node --enable-source-maps FILE.';
const DELAYS = 'bunctl waits longer after each crash; "backoff" in a bunctl.json says how long.';
const TIMES = 'Each line has its time, which `bunctl logs NAME -t` shows.';

/** By the name of the option. */
const INSTEAD: Readonly<Record<string, string>> = {
  watch: NO_WATCH,
  'ignore-watch': NO_WATCH,
  'watch-delay': NO_WATCH,
  i: ONE_PROCESS,
  instances: ONE_PROCESS,
  n: '`--name NAME` names an app that is started; `logs -l N` shows the last N lines.',
  namespace: 'bunctl has no groups of apps; its commands take several names: bunctl stop NAME…',
  only: '`bunctl start FILE NAME…` starts these apps of a file alone.',
  cron: TIMETABLE,
  'cron-restart': TIMETABLE,
  'no-daemon': '`bunctl daemon` runs the daemon in the foreground, `-c FILE` with the apps of a file.',
  attach: '`bunctl logs NAME -f` shows what the app prints.',
  'merge-logs': LOGS,
  log: LOGS,
  o: LOGS,
  output: LOGS,
  error: LOGS,
  time: TIMES,
  'log-date-format': TIMES,
  'node-args': PROGRAM,
  interpreter: PROGRAM,
  'interpreter-args': PROGRAM,
  'max-memory-restart': '`--max-memory SIZE` does this.',
  'kill-timeout': '`--stop-timeout TIME` does this.',
  'no-autorestart':
    '`--restart no` does this; `--no-auto-restart` also takes back the start with the daemon.',
  'restart-delay': DELAYS,
  'exp-backoff-restart-delay': DELAYS,
  nostream: '`bunctl logs` ends after the last lines; `-f` follows.',
  err: '`--stream stderr` does this.',
  out: '`--stream stdout` does this.',
};

/** What bunctl has instead of an option of pm2, as a sentence; undefined for any other option. */
export const insteadOf = (option: string): string | undefined =>
  Object.hasOwn(INSTEAD, option) ? INSTEAD[option] : undefined;
