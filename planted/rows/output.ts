// Faults in what becomes of the output of apps, and in the return of a daemon that has died.
import type { Row } from '../fault.js';

export const OUTPUT: readonly Row[] = [
  {
    row: 'what an app prints arrives once and in order',
    faults: [
      {
        fault: 'the keeper holds back what it has read',
        file: 'supervisor/keeper/fifo.js',
        text: "if (!this.#ended)\n                        this.#onText(shared.toString('latin1', 0, length));",
        replacement:
          "const text = shared.toString('latin1', 0, length);\n                    setTimeout(() => this.#onText(text), 400);",
        test: 'supervisor/run-daemon/keeper',
        title: 'is complete but for what a killed keeper had read',
      },
      {
        fault: 'an app has only the end of its FIFOs that writes',
        file: 'supervisor/host/output/fifos.js',
        text: 'const BOTH_ENDS = constants.O_RDWR | constants.O_NONBLOCK;',
        replacement: 'const BOTH_ENDS = constants.O_WRONLY | constants.O_NONBLOCK;',
        test: 'supervisor/run-daemon/keeper',
        title: 'waits in the FIFO while daemon and keeper are both dead',
      },
    ],
  },
  {
    row: 'the daemon comes back by itself',
    faults: [
      {
        fault: 'every end of a daemon is taken for a farewell',
        file: 'supervisor/keeper/keeper.js',
        text: 'if (!daemon.leaves)',
        replacement: 'if (false)',
        test: 'supervisor/run-daemon/keeper',
        title: 'the daemon comes back by itself, and says so',
      },
      {
        fault: 'a daemon that ends forgets a keeper that is still being told of its apps',
        file: 'supervisor/host/output/keeper-link.js',
        text: 'this.#greeted = client;',
        replacement: '',
        test: 'supervisor/host/output/keeper-link',
        title: 'leaves a keeper that is still being told of its apps',
      },
      {
        fault: 'a daemon is started again with the environment of the keeper',
        file: 'supervisor/keeper/daemon-watch.js',
        text: '...(this.#environment ?? process.env)',
        replacement: '...process.env',
        test: 'supervisor/keeper/daemon-watch',
        title: 'a daemon that has died is started again with its own environment, if it has told it',
      },
      {
        fault: 'a daemon that dies again and again is started for ever',
        file: 'supervisor/keeper/daemon-watch.js',
        text: 'const MOST_DEATHS = 5;',
        replacement: 'const MOST_DEATHS = 50;',
        test: 'supervisor/keeper/daemon-watch',
        title: 'a daemon that dies again and again is left after its fifth start, and a file says why',
      },
    ],
  },
  {
    row: 'a log has what each stream printed',
    faults: [
      {
        fault: 'an interrupted line is not ended',
        file: 'supervisor/keeper/app-log.js',
        text: "begin = '\\n';",
        replacement: '',
        test: 'supervisor/keeper/app-log',
        title: 'shows a line as it is printed',
      },
      {
        fault: 'what was lost is not counted',
        file: 'supervisor/keeper/unwritten-count.js',
        text: 'bytes: this.#now.bytes + bytes',
        replacement: 'bytes: 0',
        test: 'supervisor/keeper/app-log',
        title: 'counts what does not fit on the disk, and says so where it is missing',
      },
      {
        fault: 'the count of what was lost dies with the keeper',
        file: 'supervisor/keeper/unwritten-count.js',
        text: 'this.#now = read(path);',
        replacement: 'this.#now = NOTHING;',
        test: 'supervisor/keeper/app-log',
        title: 'still says what did not fit when the keeper was killed meanwhile',
      },
      {
        fault: 'what an app that has ended has lost is forgotten',
        file: 'supervisor/keeper/keeper.js',
        text: 'this.#owing.set(id, kept.log);',
        replacement: '',
        test: 'supervisor/run-daemon/output',
        title: 'its log says what is missing when there is room',
      },
    ],
  },
  {
    row: 'an app whose FIFOs the keeper cannot open',
    faults: [
      {
        fault: 'a failed try is the last one',
        file: 'supervisor/host/output/untold.js',
        text: 'const PAUSE = 1000;',
        replacement: 'const PAUSE = 2 ** 30;',
        test: 'supervisor/host/output/piped-apps',
        title: 'is told to it again each second while it runs, and the log says it once',
      },
    ],
  },
  {
    row: 'an app whose FIFO, or whose folder of FIFOs or logs, was removed',
    faults: [
      {
        fault: 'a removed FIFO is not looked for in the processes of its app',
        file: 'supervisor/host/output/fifos.js',
        text: 'const own = leader === undefined ? undefined : await fifoOf(leader, path, there);',
        replacement: 'const own = undefined; processes = async () => [];',
        test: 'supervisor/run-daemon/keeper',
        title:
          'goes on when the folders of FIFOs and logs are removed, and then the keeper, and then both die',
      },
    ],
  },
  {
    row: 'a keeper that does not answer is replaced',
    faults: [
      {
        fault: 'a silent keeper is not killed',
        file: 'supervisor/host/output/keeper-process.js',
        text: 'const LOOKS = { stopped: 5, stuck: 30 };',
        replacement: 'const LOOKS = { stopped: Infinity, stuck: Infinity };',
        test: 'supervisor/run-daemon/keeper',
        title: 'is read by another keeper when one is stopped; commands answer meanwhile, and doctor says so',
      },
      {
        fault: 'a keeper that hangs and is not stopped is waited for',
        file: 'supervisor/host/output/keeper-process.js',
        text: 'seen >= (isStopped(keeper) ? LOOKS.stopped : LOOKS.stuck)',
        replacement: 'seen >= LOOKS.stopped && isStopped(keeper)',
        test: 'supervisor/host/output/keeper-process',
        title: 'is killed at the thirtieth look, and that is told',
      },
      {
        fault: 'a keeper that nobody can reach reads on beside the next one',
        file: 'supervisor/host/output/keeper-link.js',
        text: 'await killUnreachable(this.#settings);',
        replacement: '',
        test: 'supervisor/run-daemon/keeper',
        title: 'is read by one keeper alone, though the socket of the former one was removed',
      },
    ],
  },
  {
    row: 'without FIFOs, a watcher restarts',
    faults: [
      {
        fault: 'the watcher does not see that its daemon has died',
        file: 'supervisor/keeper/watcher.js',
        text: "channel.once('disconnect', over);",
        replacement: ';',
        test: 'supervisor/keeper/watcher',
        title: 'a daemon that dies is started again, and so is the one that replaces it',
      },
    ],
  },
  {
    row: 'the history of a log is what was printed',
    faults: [
      {
        fault: 'the files of a log are read from the newest to the oldest',
        file: 'supervisor/logs/segments.js',
        text: 'time(a) - time(b)',
        replacement: 'time(b) - time(a)',
        test: 'supervisor/logs/history',
        title: 'is what was printed, over all files, and so is each part of it',
      },
    ],
  },
  {
    row: 'a followed log gives each line once',
    faults: [
      {
        fault: 'a command that follows does not notice that its reader has gone',
        file: 'cli/commands/logs.js',
        text: '        endWithReader();',
        replacement: '        ;',
        test: 'cli/commands/logs',
        title: 'logs -f and status -w end when nobody reads them any more, though there is nothing to print',
      },
      {
        fault: 'the files of a log are followed from the newest to the oldest',
        file: 'supervisor/logs/segments.js',
        text: 'time(a) - time(b)',
        replacement: 'time(b) - time(a)',
        test: 'supervisor/logs/follow-logs',
        title: 'gives each line once, from history to live, while files are put aside and compressed',
      },
    ],
  },
  {
    row: '`logs -f` goes on without the daemon',
    faults: [
      {
        fault: 'what follows the files ends with the daemon',
        file: 'cli/commands/logs.js',
        text: 'await followFiles(state, wanted.names && ids, ids, wanted);',
        replacement:
          'gone.then(() => process.exit(0));\n            await followFiles(state, wanted.names && ids, ids, wanted);',
        test: 'cli/answers/log-files',
        title: 'goes on when the daemon ends, and says so',
      },
      {
        fault: 'what follows the files shows lines that no filter lets through',
        file: 'cli/answers/log-files.js',
        text: 'lines.filter(passes)',
        replacement: 'lines',
        test: 'cli/answers/log-files',
        title: 'needs no daemon: it follows files across rotation, with filters, as JSON too',
      },
      {
        fault: 'an answer has no bound',
        file: 'supervisor/logs/read-logs.js',
        text: 'room -= Buffer.byteLength(JSON.stringify(lines[from - 1]?.text)) + around;',
        replacement: '',
        test: 'supervisor/logs/read-logs',
        title: 'fits its bound, whatever the lines are, and looks back no further than it may',
      },
    ],
  },
];
