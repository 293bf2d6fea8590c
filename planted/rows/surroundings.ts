// Faults in what a daemon writes and tells.
import type { Row } from '../fault.js';

export const SURROUNDINGS: readonly Row[] = [
  {
    row: 'whatever a handler prints',
    faults: [
      {
        fault: 'an error of stdout ends the process',
        file: 'workers/thread-tier/output.js',
        text: "stream.on('error', ignore);",
        replacement: '',
        test: 'workers/output',
        title: 'whose reader has gone away: the daemon goes on',
      },
      {
        fault: 'a write waits for a reader as long as it takes',
        file: 'workers/link/output.js',
        text: 'if (performance.now() < until) {',
        replacement: 'if (true) {',
        test: 'workers/output',
        title: 'whose reader does not read: the daemon and its lanes go on',
      },
      {
        fault: 'what a lane prints goes by way of main',
        file: 'workers/thread/run.js',
        text: 'redirectOutput();',
        replacement: '',
        test: 'workers/output',
        title: 'lines that a lane printed before it ended (spin) arrive',
      },
    ],
  },
  {
    row: "an embedder's logger that cannot write",
    faults: [
      {
        fault: 'an error of the stream of the logger ends the process',
        file: 'unfailing-log.js',
        text: "stream.on('error', onLost);",
        replacement: '',
        test: 'unfailing-log',
        title: 'answers every command, and goes on',
      },
      {
        fault: 'the lines that are lost are not told of',
        file: 'unfailing-log.js',
        text: 'process.emitWarning(',
        replacement: 'void (',
        test: 'unfailing-log',
        title: 'tells of the first line that is lost',
      },
    ],
  },
  {
    row: "each step of a daemon's life is told",
    faults: [
      {
        fault: 'the name of the daemon is not told',
        file: 'telemetry/diagnostics.js',
        text: 'to.publish({ daemon, ...fields });',
        replacement: 'to.publish({ ...fields });',
        test: 'telemetry/diagnostics',
        title: 'of its start, its connections and its end; and which daemon it is',
      },
      {
        fault: 'a listener is called by the daemon itself, which its exception reaches',
        file: 'telemetry/diagnostics.js',
        text: 'to.publish({ daemon, ...fields });',
        replacement: 'for (const each of [...to._subscribers]) each({ daemon, ...fields }, to.name);',
        test: 'telemetry/diagnostics',
        title: 'whose subscriber throws is taken all the same',
      },
      {
        fault: 'a step is not told',
        file: 'acceptor/acceptor.js',
        text: "this.#tell('connection.refused', { code });",
        replacement: '',
        test: 'telemetry/diagnostics',
        title: 'of a connection that it refuses',
      },
    ],
  },
  {
    row: '`stats()` has every queue that main can see',
    faults: [
      {
        fault: 'the requests of connections count as nothing',
        file: 'acceptor/acceptor.js',
        text: 'requestBytes = Math.max(requestBytes, connection.receivedBytes);',
        replacement: '',
        test: 'telemetry/queue-stats',
        title: 'the depth of each queue is what waits in it now',
      },
      {
        fault: 'a bound is not that of the options',
        file: 'telemetry/queue-stats.js',
        text: 'responseBytes, writeHighWaterMark]',
        replacement: 'responseBytes, TOTAL_BYTES]',
        test: 'telemetry/queue-stats',
        title: 'its bound is that of the options',
      },
      {
        fault: 'a queue is missing',
        file: 'telemetry/queue-stats.js',
        text: "        ['refusals', 'connections', refusals, MAX_REFUSALS],\n",
        replacement: '',
        test: 'telemetry/queue-stats',
        title: 'the queues are those of docs/observability.md',
      },
    ],
  },
  {
    row: 'no secret is in any log line',
    faults: [
      {
        fault: 'a status shows the values of variables',
        file: 'supervisor/status.js',
        text: "value : '***'",
        replacement: 'value : value',
        test: 'security/secrets',
        title: 'the value of a secret is in no line of the log',
      },
      {
        fault: 'a status shows the environment that the app was started with',
        file: 'supervisor/decide/supervisor.js',
        text: 'environmentNames: environment && Object.keys(environment).sort(),',
        replacement: 'environmentNames: environment && Object.values(environment).sort(),',
        test: 'security/secrets',
        title: 'the value of a secret is in no line of the log',
      },
      {
        fault: 'the log says with which environment an app is started',
        file: 'supervisor/host/process-host.js',
        text: 'app.spawned(child, pid, held);',
        replacement:
          "app.spawned(child, pid, held);\n        this.#settings.log.debug({ environment: app.record.environment }, 'started');",
        test: 'security/secrets',
        title: 'the value of a secret is in no line of the log',
      },
    ],
  },
];
