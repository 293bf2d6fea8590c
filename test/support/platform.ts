// The facts of a platform that tests need. A test that is skipped names its fact, not a platform.

const windows = process.platform === 'win32';
const linux = process.platform === 'linux';

/** Whether an endpoint is a file, with an owner, a mode and a directory; a pipe on Windows is a name alone. */
export const socketsAreFiles = !windows;

/** Whether files have an owner and a mode. */
export const filesHaveModes = !windows;

/** Whether a signal can be caught, and can stop a process; on Windows each one ends it. */
export const signalsAreMessages = !windows;

/** Whether a client that has ended its half may read on for as long as it likes; libuv ends a pipe 50 ms later. */
export const halvesEndAlone = !windows;

/** Whether there are FIFOs in the file system, and so a system call that does not return. */
export const hasFifos = !windows;

/** Whether /proc tells about processes and sockets. */
export const hasProc = linux;

/** Whether a shell can lower the limit of open files. */
export const hasUlimit = linux;

/** Whether a symbolic link to a directory can be made: on Windows only with a right that most users lack. */
export const linksToDirectories = !windows;

/** Whether a write to a pipe that is full fails at once: on Windows it waits until the reader reads. */
export const fullPipesFail = !windows;

/** Whether what a process has started is a group with it, which can be found and signalled. */
export const hasGroups = !windows;

/** Whether a file that a process holds open can be removed. */
export const openFilesGo = !windows;

/** Whether users and groups have numbers. */
export const usersHaveNumbers = !windows;

/** Whether /dev/full is a disk that is always full. */
export const hasFullDevice = linux;

/** Whether programs are ELF files, which name their machine and their loader. */
export const programsAreElf = linux;

/** Whether the kernel bounds each argument and each variable of a new process, as Linux does. */
export const argumentsAreBounded = linux;

/** Whether a daemon can ask an app of a former one to end: on Windows the way to ask ends with the daemon that started it. */
export const adoptedCanBeAsked = !windows;

/** Whether `unshare` can give a process mounts and process ids of its own. */
export const hasNamespaces = linux;

/** Whether a command whose reader has gone can see that without a write: with the tail of GNU. */
export const readersCanBeWatched = linux;

/** Whether the default place of the socket follows XDG_RUNTIME_DIR and TMPDIR. */
export const placeFollowsTmpdir = linux;

/** Whether there is a POSIX shell, by the name sh. */
export const hasShell = !windows;

/** Whether the kernel starts a script by its first line; on Windows the daemon finds the program for it by its kind. */
export const scriptsStart = !windows;

/** Whether paths begin and are joined with a slash. */
export const pathsHaveSlashes = !windows;

/** Whether the system tells the number of its boot. */
export const tellsBoots = !windows;

/** The version of the Wine that these tests run under; undefined elsewhere. See windows/limits.js. */
const wine = process.env['TEST_WINE'] ? Number(process.env['TEST_WINE']) : undefined;

/** Whether the system tells when a process was created, so that an app that was adopted can be ended. */
export const tellsCreation = wine === undefined;

/** Whether the system refuses a second server on a pipe's name. */
export const namesAreExclusive = wine === undefined;

/** Whether a line that several processes append at once is written whole. */
export const appendsAreAtomic = wine === undefined;

/** Whether JSON.stringify writes a value of any depth, as in Node 26; elsewhere the stack is too small for some 10,000. */
export const jsonHasAnyDepth = ((): boolean => {
  try {
    return JSON.stringify(Array.from({ length: 200_000 }).reduce((inner) => [inner], 0)) !== '';
  } catch {
    return false;
  }
})();
