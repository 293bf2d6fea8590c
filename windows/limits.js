// What is not run under Wine, and what Wine does otherwise than Windows.

/** The tests that do not run there: they drive scripts that are run on Linux alone. */
export const LEFT_OUT = ['test/chaos/**', 'test/fuzz/**', 'test/soak/**', 'test/simulation/**'];

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
