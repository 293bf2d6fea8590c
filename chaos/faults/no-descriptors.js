// Every descriptor of the daemon is taken: clients that are connected are answered, and it goes on when some leave.
import { crowd } from '../crowd.js';
import { isInstalled } from '../system.js';

export const what = '300 clients of a daemon that may open 128 files, all of them for clients';

export const skip = () => (isInstalled('prlimit') ? undefined : 'prlimit is not installed');

export async function run(scene) {
  const library = await scene.library({
    before: ['prlimit', '--nofile=128:128', '--'],
    connections: { max: 1000 },
  });
  // The witness's own handler opens a file, for which there is no descriptor.
  await scene.witness(library, { allowed: ['EMFILE'] });
  await scene.repeat(() => crowd(scene, library.path));
}
