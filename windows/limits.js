// What is run under Wine, and what Wine does otherwise than Windows.

/** The tests that run on Windows: all folders of the library's, and what the process manager does and decides on every system. */
export const TESTS = [
  'test/protocol',
  'test/endpoint',
  'test/acceptor',
  'test/writer',
  'test/broker',
  'test/client',
  'test/transport',
  'test/daemon',
  'test/workers',
  'test/model',
  'test/define.test.ts',
  'test/queue.test.ts',
  'test/unfailing-log.test.ts',
  'test/telemetry/loop-delay.test.ts',
  'test/telemetry/open-metrics.test.ts',
  'test/supervisor/model',
  'test/supervisor/decide',
  'test/supervisor/state',
  ...['app-log', 'daemon-log', 'follow-logs', 'history', 'read-logs'].map(
    (name) => `test/supervisor/logs/${name}.test.ts`,
  ),
  'test/supervisor/host/windows',
  'test/supervisor/keeper/watcher.test.ts',
  'test/supervisor/run-daemon/everywhere.test.ts',
  'test/supervisor/system',
  'test/cli/config',
  'test/cli/answers/show.test.ts',
];

/**
 * What Wine does otherwise than Windows, and the fact in test/support/platform.ts by which tests leave it out. A row
 * without a fact is met by the scripts of this folder.
 */
export const LIMITS = [
  {
    wine: 'ignores FILE_FLAG_FIRST_PIPE_INSTANCE: a second server on a live pipe’s name is not refused',
    fact: 'namesAreExclusive',
  },
  {
    wine: 'does not append atomically: lines that several processes or threads append at once are lost',
    fact: 'appendsAreAtomic',
  },
  {
    wine: 'has a powershell.exe that prints nothing, and a wmic that knows few columns: tasklist tells of processes there, and an adopted app cannot be proven',
    fact: 'tellsCreation',
  },
  { wine: 'cannot give Node a Unix pipe as its stdout: `open EBADF`. Output goes to files' },
  { wine: '8 calls itself Windows 7, which Node refuses: `winecfg -v win10`' },
  { wine: '8 has no bcryptprimitives.dll, which native packages need: forwarder.js makes it' },
  {
    wine: '8 breaks off Node 22 when a handler’s answer is so deep that its stack overflows: use Wine 10 for test/workers',
  },
];
