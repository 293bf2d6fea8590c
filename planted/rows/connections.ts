// Faults in how connections are read and answered.
import type { Row } from '../fault.js';

export const CONNECTIONS: readonly Row[] = [
  {
    row: 'answers in order under pipelining',
    faults: [
      {
        fault: 'a lane does not wait for the answer of a connection’s command',
        file: 'workers/run/executor.js',
        text: 'return !waits && !this.#retire(queue, entry);',
        replacement: 'return !this.#retire(queue, entry);',
        test: 'acceptor/order',
        title: 'pipelined on many connections are answered in order',
      },
      {
        fault: 'a lane takes the commands of all connections for those of one',
        file: 'workers/run/executor.js',
        text: 'for (const entry of entries) {',
        replacement: 'for (const each of entries) {\n            const entry = { ...each, connectionId: 0 };',
        test: 'acceptor/order',
        title: 'ten waiting commands do not delay other connections',
      },
      {
        fault: 'commands that come back from a lane go to the end of the line',
        file: 'acceptor/pipeline.js',
        text: 'this.#waiting = [...back, ...this.#waiting];',
        replacement: 'this.#waiting = [...this.#waiting, ...back];',
        test: 'acceptor/pipeline',
        title: 'keeps its order when some commands wait and others are taken back',
      },
      {
        fault: 'commands that come back from a lane go to the end of the line',
        file: 'acceptor/pipeline.js',
        text: 'this.#waiting = [...back, ...this.#waiting];',
        replacement: 'this.#waiting = [...this.#waiting, ...back];',
        test: 'simulation/simulation',
        title: '100 seeds from 1 on keep every promise',
      },
    ],
  },
  {
    row: 'bad input costs one `Error`',
    faults: [
      {
        fault: 'a message that is malformed ends the lane that reads it',
        file: 'workers/run/executor.js',
        text: 'catch (thrown) {\n            this.#refuse(entry, thrown);\n            return false;',
        replacement: 'catch (thrown) {\n            throw thrown;',
        test: 'acceptor/wire',
        title: 'answers malformed JSON with an Error and goes on',
      },
      {
        fault: 'a broken stream ends without an Error',
        file: 'acceptor/connection.js',
        text: 'this.#pipeline.finish(errorFrame(error));',
        replacement: 'this.#pipeline.finish();',
        test: 'acceptor/wire',
        title: 'refuses an extra byte with an Error and a close',
      },
      {
        fault: 'a fault of the daemon’s own is not logged',
        file: 'acceptor/connection.js',
        text: 'this.#context.onFault(error, this.id);',
        replacement: '',
        test: 'acceptor/connection',
        title: 'hides the cause from the client, reports it, and ends',
      },
      {
        fault: 'a fault of the daemon’s own is told as the client’s',
        file: 'acceptor/connection.js',
        text: 'if (!(error instanceof IpcError))\n                throw error;',
        replacement: '',
        test: 'acceptor/connection',
        title: 'does not take a fault in reading for the client’s',
      },
    ],
  },
  {
    row: 'a client that does not read is read no further',
    faults: [
      {
        fault: 'commands begin however many answers wait',
        file: 'writer/response-queue.js',
        text: 'get congested() {\n        return this.#congested;',
        replacement: 'get congested() {\n        return false;',
        test: 'acceptor/wire',
        title: 'reading stops for a client that does not read its answers',
      },
      {
        fault: 'a connection is read without a bound of commands',
        file: 'acceptor/request-bounds.js',
        text: 'return unanswered.length < maxInFlight &&',
        replacement: 'return',
        test: 'acceptor/connection',
        title: 'stops reading at its bound of commands',
      },
      {
        fault: 'a connection that was paused is not read again',
        file: 'acceptor/connection.js',
        text: 'this.#frame.resume();\n        this.#socket.resume();',
        replacement: 'this.#frame.resume();',
        test: 'acceptor/connection',
        title: 'stops reading at its bound of commands, and goes on as they are answered',
      },
    ],
  },
  {
    row: 'a pause of the daemon is not held against its clients',
    faults: [
      {
        fault: 'a deadline is judged by a plain timer, before what has arrived is read',
        file: 'acceptor/acceptor.js',
        text: 'this.#sweep = new Sweep(clock, Math.min(1000, limits.frameTimeout / 4), (late, fair) => this.#judge(late, fair));',
        replacement:
          'const plain = { now: () => clock.now(), after: (ms, act) => { const timer = setTimeout(act, ms).unref(); return () => clearTimeout(timer); } };\n        this.#sweep = new Sweep(plain, Math.min(1000, limits.frameTimeout / 4), () => this.#judge(0, true));',
        test: 'daemon/daemon',
        title: 'a frame that was completed while the daemon was stopped is answered',
      },
      {
        fault: 'the time in which the daemon was stopped counts',
        file: 'acceptor/frame-clock.js',
        text: 'this.#began = Math.min(this.#clock.now(), this.#began + ms);',
        replacement: '',
        test: 'acceptor/frame-clock',
        title: 'does not count the time in which the process was stopped',
      },
    ],
  },
  {
    row: 'whatever clients do, in whatever order',
    faults: [
      {
        fault: 'what was dropped is not told',
        file: 'writer/event-queue.js',
        text: 'add(encodeEvent(DROPPED_EVENT_TYPE, { dropped }));',
        replacement: 'void dropped;',
        test: 'model/model',
        title: 'get each answer in order, and each event or its place in a notice',
      },
      {
        fault: 'a second drop forgets the number of the first',
        file: 'writer/event-queue.js',
        text: 'this.#dropped += dropped;',
        replacement: 'this.#dropped = dropped;',
        test: 'simulation/simulation',
        title: '100 seeds from 1 on keep every promise',
      },
    ],
  },
  {
    row: 'broken frames and JSON get the answer',
    faults: [
      {
        fault: 'invalid UTF-8 is replaced',
        file: 'protocol/json.js',
        text: 'fatal: true',
        replacement: 'fatal: false',
        test: 'fuzz/fuzz',
        title: 'gives the right answer to each of the',
      },
      {
        fault: 'a client that ends its half is cut',
        file: 'acceptor/connection.js',
        text: "#halfClosed() {\n        if (this.#state !== 'open')\n            return;",
        replacement:
          "#halfClosed() {\n        if (this.#state !== 'open')\n            return;\n        this.destroy();",
        test: 'fuzz/fuzz',
        title: 'answers what is whole in a stream, wherever the stream ends',
      },
    ],
  },
  {
    row: 'while a crowd is refused',
    faults: [
      {
        fault: 'the clients that are refused may hold every spare descriptor',
        file: 'refusals.js',
        text: 'export const MAX_REFUSALS = 16;',
        replacement: 'export const MAX_REFUSALS = 64;',
        test: 'acceptor/crowd',
        title: 'while a crowd is refused, handlers open files',
      },
    ],
  },
  {
    row: "a connection keeps no lane's capacity from others",
    faults: [
      {
        fault: 'nobody steps back when a lane is full',
        file: 'workers/lanes/slots.js',
        text: 'origin.yieldCapacity();',
        replacement: 'origin.connectionId;',
        test: 'acceptor/order',
        title: 'a connection with a slow first command leaves room for others',
      },
      {
        fault: 'a connection that steps back gives as many commands at once again',
        file: 'acceptor/pipeline.js',
        text: 'this.#inLane.narrow();',
        replacement: '',
        test: 'acceptor/pipeline',
        title: 'keeps only its first command in its lane when others need the capacity',
      },
    ],
  },
];
