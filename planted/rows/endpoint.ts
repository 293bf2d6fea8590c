// Faults in the claim of the endpoint, and in who may reach it.
import type { Row } from '../fault.js';

const UMASK = 'const umask = isMainThread ? process.umask(0o077) : undefined;';

export const ENDPOINT: readonly Row[] = [
  {
    row: 'one daemon of ten',
    faults: [
      {
        fault: 'on macOS a file that another process holds is taken for free',
        file: 'endpoint/held-file.js',
        text: "new Set(['EBUSY', 'EAGAIN'])",
        replacement: "new Set(['EBUSY'])",
        test: 'endpoint/held-file',
        title: 'on darwin another holder is told by EAGAIN',
      },
      {
        fault: 'on Windows a name that the system refuses is told as in use',
        file: 'endpoint/pipe-faults.js',
        text: "return code === 'EADDRINUSE'\n",
        replacement: "return code === 'EADDRINUSE' || code === 'EACCES'\n",
        test: 'endpoint/pipe',
        title: 'only a name that is in use is told as in use',
      },
      {
        fault: 'a daemon that comes later takes the place of the one that listens',
        file: 'endpoint/claim.js',
        text: 'const unlock = await lockEndpoint(path);\n    try {\n        await clearStale(path);',
        replacement:
          "const unlock = () => undefined;\n    try {\n        (await import('node:fs')).rmSync(path, { force: true });",
        test: 'endpoint/claim',
        title: 'of ten daemons started at once exactly one listens',
      },
      {
        fault: 'the lock is not taken',
        file: 'endpoint/claim.js',
        text: 'const unlock = await lockEndpoint(path);',
        replacement: 'const unlock = () => undefined;',
        test: 'endpoint/claim',
        title: 'keeps its name even when its file was deleted',
      },
      {
        fault: 'a stale socket stays',
        file: 'endpoint/socket-file.js',
        text: 'if (sameFile(found, await fileAt(path)))\n            await unlink(path);',
        replacement: '',
        test: 'endpoint/claim',
        title: 'a socket left by a killed daemon is replaced',
      },
      {
        fault: 'the socket of another program is taken for stale',
        file: 'endpoint/socket-file.js',
        text: "await once(socket, 'connect');\n        return true;",
        replacement: "await once(socket, 'connect');\n        return false;",
        test: 'endpoint/claim',
        title: 'a listener of another program is left alone',
      },
      {
        fault: 'a release removes whatever is at the path',
        file: 'endpoint/bound-socket.js',
        text: 'if (!sameFile(file, found))',
        replacement: 'if (false)',
        test: 'endpoint/claim',
        title: 'a release removes our own file only',
      },
      {
        fault: 'the mode of the socket is the umask’s',
        file: 'endpoint/bound-socket.js',
        text: 'await chmod(path, 0o600);',
        replacement: '',
        test: 'endpoint/claim',
        title: 'the socket is 0600 and a directory made for it 0700',
      },
      {
        fault: 'the socket is open to everybody until its mode is set',
        file: 'endpoint/bound-socket.js',
        text: UMASK,
        replacement: 'const umask = isMainThread ? process.umask(0) : undefined;',
        test: 'endpoint/bound-socket',
        title: 'opens the socket to nobody else, not for a moment',
      },
    ],
  },
  {
    row: 'a start that is given up is undone before it rejects',
    faults: [
      {
        fault: 'what was begun is undone later',
        file: 'abort.js',
        text: 'await waitAtMost(undone, UNDO_TIME, () => undefined);',
        replacement: '',
        test: 'daemon/daemon',
        title: 'by a signal while it claims its endpoint is undone before it rejects',
      },
    ],
  },
  {
    row: 'a daemon starts in a worker thread',
    faults: [
      {
        fault: 'the umask is set, which only the main thread may',
        file: 'endpoint/bound-socket.js',
        text: UMASK,
        replacement: 'const umask = process.umask(0o077);',
        test: 'endpoint/bound-socket',
        title: 'is as private and as clean as one on the main thread',
      },
      {
        fault: 'a library that only the main thread may use is used',
        file: 'endpoint/bound-socket.js',
        text: UMASK,
        replacement: 'const umask = process.umask(0o077);',
        test: 'daemon/daemon',
        title: 'a daemon and a server run in a worker thread',
      },
    ],
  },
  {
    row: 'nothing is open to other users at any moment',
    faults: [
      {
        fault: 'the socket is made with the umask of the process',
        file: 'endpoint/bound-socket.js',
        text: UMASK,
        replacement: 'const umask = isMainThread ? process.umask() : undefined;',
        test: 'security/modes',
        title: 'with the socket in a folder that everyone may enter',
      },
      {
        fault: 'a folder is made with the umask of the process',
        file: 'endpoint/own-directory.js',
        text: 'await mkdir(directory, { mode: 0o700 });',
        replacement: 'await mkdir(directory);',
        test: 'security/modes',
        title: 'with the socket in a folder that is made for the socket',
      },
      {
        fault: 'the log of the process manager is made with the umask of the process',
        file: 'supervisor/logs/daemon-log.js',
        text: "this.#fd = openSync(path, 'a', 0o600);",
        replacement: "this.#fd = openSync(path, 'a');",
        test: 'security/modes',
        title: 'of a process manager with the umask 000',
      },
      {
        fault: 'everybody may connect to the socket',
        file: 'endpoint/bound-socket.js',
        text: 'await chmod(path, 0o600);',
        replacement: 'await chmod(path, 0o666);',
        test: 'security/other-users',
        title: 'by the mode of the socket, in a folder that everyone may enter',
      },
    ],
  },
];
