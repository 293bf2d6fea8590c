// Every descriptor of the daemon is taken: clients that are connected are answered, and it goes on when some leave.
import { execFileSync } from 'node:child_process';
import { crowd } from '../crowd.js';
import { isInstalled } from '../system.js';

export const what = '300 clients of a daemon whose limit of open files falls to 128 while it runs';

export const skip = () => (isInstalled('prlimit') ? undefined : 'prlimit is not installed');

export async function run(scene) {
  const library = await scene.library();
  execFileSync('prlimit', ['--pid', String(library.pid), '--nofile=128:128']);
  // The witness's own handler opens a file, for which there is no descriptor.
  await scene.witness(library, { allowed: ['EMFILE'] });
  await scene.repeat(() => crowd(scene, library.path));
}
