// System calls of the running daemon fail: strace is attached to it and injects the errors.
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../child.js';
import { isInstalled } from '../system.js';

export const what = 'strace lets accept4, writev, write and openat fail';

/**
 * The calls, each with the errors that the kernel may give there. A write to a full socket is EAGAIN, but the writes by
 * which Node's threads wake each other never fail like this, so that `write` is only interrupted and delayed.
 */
const INJECTED = [
  ['accept4', 'error=EMFILE:when=1+3'],
  ['accept4', 'error=ENFILE:when=1+3'],
  ['accept4', 'error=ECONNABORTED:when=1+2'],
  ['accept4', 'error=EINTR:when=1+2'],
  ['accept4', 'error=ENOBUFS:when=1+3'],
  ['accept4', 'error=ENOMEM:when=1+3'],
  ['accept4', 'error=EPERM:when=1+3'],
  ['writev', 'error=EAGAIN:when=1+2'],
  ['writev', 'error=EINTR:when=1+2'],
  ['write', 'error=EINTR:when=1+3'],
  ['write', 'delay_enter=3000:when=1+3'],
  ['openat', 'error=EMFILE:when=1+2'],
  ['openat', 'error=ENOSPC:when=1+2'],
];

/** The time, in ms, for which each error is injected. */
const EACH = 1500;

export function skip() {
  if (!isInstalled('strace')) return 'strace is not installed (Debian: apt-get install strace)';
  const { status } = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']);
  return status === 0 ? undefined : 'strace may not trace here';
}

export async function run(scene) {
  const library = await scene.library({ workers: { minThreads: 2, maxThreads: 2 } });
  // The handler of a Start opens its journal: an error of openat is its error, and the daemon's answer.
  const allowed = ['EMFILE', 'ENOSPC'];
  await scene.witness(library, { allowed });
  // Each request on its own connection: it may be closed instead of accepted, and then asks again.
  await scene.witness(library, {
    ask: () => 'List',
    check: (answer) => answer.Data !== undefined,
    fresh: true,
    cuts: true,
  });
  await scene.repeat(
    async () => {
      const [call, fault] = INJECTED[(scene.tried - 1) % INJECTED.length];
      const line = ['strace', '-f', '-qq', '-o', '/dev/null', '-p', String(library.pid)];
      const strace = new Child([...line, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}`]);
      scene.onEnd(() => strace.kill());
      await delay(EACH);
      scene.expect(strace.running, `strace has ended: ${strace.stderr}`);
      // SIGINT lets it leave the daemon as it is.
      await strace.end((child) => child.kill('SIGINT'));
      scene.expect(library.running, `${call} with ${fault} has ended the daemon: ${library.stderr}`);
    },
    { least: INJECTED.length },
  );
}
