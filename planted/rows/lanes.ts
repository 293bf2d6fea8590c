// Faults in lanes: what they contain, and what is done when they are late or die.
import type { Row } from '../fault.js';

const CLAIM = 'return this.#swap(slot, sequence, CLAIMED);';

export const LANES: readonly Row[] = [
  {
    row: 'a handler that throws costs its caller an `Error`',
    faults: [
      {
        fault: 'an exception of a handler ends its lane',
        file: 'workers/run/executor.js',
        text: 'catch (thrown) {\n            this.#refuse(entry, thrown);\n            return false;',
        replacement: 'catch (thrown) {\n            throw thrown;',
        test: 'workers/isolation',
        title: 'that does throw gives its caller an Error and has no other effect',
      },
      {
        fault: 'commands that have not begun are answered with an Error when their lane ends',
        file: 'workers/lanes/worker-lane.js',
        text: 'for (const origin of this.#slots.origins())\n            origin.recall();\n        const why',
        replacement:
          'for (const job of this.#slots.jobs())\n            this.#slots.shared.claim(job.slot, job.sequence);\n        const why',
        test: 'workers/isolation',
        title: 'that ends its thread (exit) gives its caller an Error; the lane is replaced',
      },
      {
        fault: 'a lane that spins gets further commands',
        file: 'workers/lanes/worker-lane.js',
        text: "return this.#state === 'ready' && this.#watchdog.late ? 'late' : this.#state;",
        replacement: 'return this.#state;',
        test: 'workers/isolation',
        title: 'that spins for ever does not delay other lanes',
      },
    ],
  },
  {
    row: 'a worker file that disappears',
    faults: [
      {
        fault: 'a thread that cannot be started never ends',
        file: 'workers/thread-tier/worker-thread.js',
        text: 'run = Promise.reject(error);',
        replacement: 'run = new Promise(() => undefined);',
        test: 'workers/thread-tier/worker-file',
        title: 'the process ends when the daemon is closed',
      },
      {
        fault: 'commands wait until lanes are tried again',
        file: 'acceptor/pipeline.js',
        text: 'if (this.#inLane.length === 0 && next.lanes.down)\n            this.#refuse();\n        else if',
        replacement: 'if',
        test: 'workers/thread-tier/worker-file',
        title: 'commands are refused with a sentence',
      },
    ],
  },
  {
    row: 'at most once, with lanes killed at every step',
    faults: [
      {
        fault: 'what a lane that dies had begun is given to another one',
        file: 'workers/link/claims.js',
        text: 'return this.#swap(slot, sequence, RECALLED);',
        replacement: 'this.#swap(slot, sequence, RECALLED);\n        return true;',
        test: 'workers/isolation',
        title: 'a lane killed at command 0 of ten',
      },
      {
        fault: 'a lane runs a command that main took back',
        file: 'workers/run/executor.js',
        text: 'if (!this.#options.claim(entry.slot, entry.sequence))',
        replacement: 'if (!this.#options.claim(entry.slot, entry.sequence) && false)',
        test: 'workers/isolation',
        title: 'a lane that is late and recovers, again and again',
      },
      {
        fault: 'both sides may have the same command',
        file: 'workers/link/claims.js',
        text: CLAIM,
        replacement: 'return true;',
        test: 'workers/link/claims',
        title: 'belongs to the side that swaps its word first',
      },
      {
        fault: 'a lane runs a command that main took back',
        file: 'workers/run/executor.js',
        text: 'if (!this.#options.claim(entry.slot, entry.sequence))',
        replacement: 'if (!this.#options.claim(entry.slot, entry.sequence) && false)',
        test: 'simulation/simulation',
        title: '100 seeds from 1 on keep every promise',
      },
    ],
  },
  {
    row: 'what each tier contains',
    faults: [
      {
        fault: 'what a process does outside of its heap is not bounded',
        file: 'workers/process-tier/process-link.js',
        text: 'held !== undefined && held > maxMemory',
        replacement: 'false',
        test: 'workers/tiers',
        title: 'in the tier process a handler is contained that',
      },
      {
        fault: 'a lane that does not respond is not killed',
        file: 'workers/lanes/worker-lane.js',
        text: "if (verdict === 'dead') {",
        replacement: 'if (false) {',
        test: 'workers/tiers',
        title: 'in the tier thread a handler is contained that',
      },
      {
        fault: 'an exception on the main thread is swallowed, which no tier promises',
        file: 'daemon.js',
        text: "const log = unfailing(options.log ?? pino({ level: 'silent' }));",
        replacement:
          "const log = unfailing(options.log ?? pino({ level: 'silent' }));\n    process.on('uncaughtException', () => undefined);",
        test: 'workers/tiers',
        title: 'in the tier none a handler that throws outside of any promise: ends the daemon',
      },
    ],
  },
  {
    row: 'a lane in a process: bounded memory',
    faults: [
      {
        fault: 'the memory of a process is not looked at',
        file: 'workers/process-tier/process-link.js',
        text: 'held !== undefined && held > maxMemory',
        replacement: 'false',
        test: 'workers/process-tier/process-tier',
        title: 'that holds more memory than it may is killed',
      },
      {
        fault: 'the process has a descriptor of the daemon',
        file: 'workers/process-tier/worker-process.js',
        text: "stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe', ",
        replacement:
          "stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe', ...Array.from({ length: 60 }, (_, n) => n + 6).map((fd) => process.getBuiltinModule('node:fs').existsSync(`/proc/self/fd/${fd}`) ? fd : 'ignore'), ",
        test: 'workers/process-tier/process-tier',
        title: 'has no descriptor of the daemon beside stdout, stderr and its own',
      },
      {
        fault: 'the process lives on without its daemon',
        file: 'workers/process/lifeline.js',
        text: "process.kill(process.pid, 'SIGKILL');",
        replacement: '',
        test: 'workers/process-tier/process-tier',
        title: 'ends with its daemon, even if the daemon is killed',
      },
      {
        fault: 'what a dead process had begun runs again',
        file: 'workers/link/claim-records.js',
        text: 'this.#shared.claim(slot, bytes.readInt32LE(at + 4));',
        replacement: '',
        test: 'workers/process-tier/process-tier',
        title: 'that is killed from outside: its caller is told',
      },
      {
        fault: 'a handler that publishes without awaiting fills the memory of its process',
        file: 'workers/run/publisher.js',
        text: 'this.#waitingBytes + bytes > this.#window',
        replacement: 'false',
        test: 'workers/isolation',
        title: 'that publishes above every bound without awaiting loses only its own events (process)',
      },
    ],
  },
  {
    row: 'a command with an isolation of its own',
    faults: [
      {
        fault: 'a command whose name is written in another way runs where the others run',
        file: 'workers/run/executor.js',
        text: 'if (this.#options.elsewhere?.has(name))',
        replacement: 'if (false)',
        test: 'workers/lanes/mixed-tiers',
        title: 'never runs elsewhere, however its name is written',
      },
      {
        fault: 'a command does not wait for those of another isolation before it',
        file: 'acceptor/lane-window.js',
        text: ' && this.#lanes === lanes',
        replacement: '',
        test: 'workers/lanes/mixed-tiers',
        title: 'is answered in its turn',
      },
      {
        fault: 'the name of a command is read where an array begins',
        file: 'protocol/command-name.js',
        text: 'if (payload[at] === BRACE)',
        replacement: 'if (payload[at] === BRACE || payload[at] === 0x5b)',
        test: 'protocol/command-name',
        title: 'is, where it is read, what a parser finds',
      },
    ],
  },
  {
    row: 'late, unresponsive and dead lanes',
    faults: [
      {
        fault: 'lanes are replaced at once, however often they die',
        file: 'workers/lanes/intensity.js',
        text: 'return this.#times.length <= this.#limit ? 0 : this.#period;',
        replacement: 'return 0;',
        test: 'workers/isolation',
        title: 'past the restart intensity the daemon answers Error at once',
      },
      {
        fault: 'a lane that does not respond is never dead',
        file: 'workers/lanes/watchdog.js',
        text: "return this.#silent >= this.#unresponsiveAfter ? 'dead' : 'wait';",
        replacement: "return 'wait';",
        test: 'workers/lanes/watchdog',
        title: 'treats it as late after 100 ms and as dead after its time limit',
      },
      {
        fault: 'a lane that becomes ready forgets why the others died',
        file: 'workers/lanes/refill.js',
        text: 'if (this.#cancelRetry === undefined)',
        replacement: 'if (true)',
        test: 'workers/lanes/pool',
        title: 'says so of the last lane too, though one became ready after the others had died too often',
      },
      {
        fault: 'a lane that died has no successor',
        file: 'workers/lanes/pool.js',
        text: 'this.#refill.run();',
        replacement: '',
        test: 'workers/lanes/pool',
        title: 'replaces a lane that died, five times in ten seconds',
      },
      {
        fault: 'nobody hears that a lane has recovered',
        file: 'workers/lanes/worker-lane.js',
        text: 'else if (wasLate) {\n            this.#hooks.onCapacity();',
        replacement: 'else if (wasLate) {',
        test: 'workers/thread-tier/thread-lane',
        title: 'takes no commands until its loop turns; then it takes them again and says so',
      },
    ],
  },
  {
    row: 'a thread that is killed while it starts',
    faults: [
      {
        fault: 'a thread’s first file is an ES module',
        file: 'workers/lanes/worker-file.js',
        text: 'bundle/entry.cjs',
        replacement: 'bundle/run.js',
        test: 'workers/thread-tier/worker-thread',
        title: 'a thread that is killed while it loads its code ends, and the process goes on',
      },
      {
        fault: 'a thread that is killed while it starts is not waited for',
        file: 'workers/thread-tier/worker-thread.js',
        text: '(error) => this.#fault ?? asError(error)',
        replacement: '(error) => { throw error; }',
        test: 'workers/thread-tier/worker-thread',
        title: 'a thread that cannot be set up ends at once, with its cause',
      },
    ],
  },
];
