// A daemon with few descriptors keeps some for itself: its handlers open files while clients are refused.
import { crowd } from '../crowd.js';
import { isInstalled } from '../system.js';

export const what = '300 clients of a daemon that may open 160 files, and keeps 64 of them for itself';

export const skip = () => (isInstalled('prlimit') ? undefined : 'prlimit is not installed');

export async function run(scene) {
  const library = await scene.library({ before: ['prlimit', '--nofile=160:160', '--'] });
  await scene.witness(library);
  await scene.repeat(() => crowd(scene, library.path));
}
