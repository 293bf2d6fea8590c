// A client in a process of its own.
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';

const CLIENT = fileURLToPath(new URL('client.js', import.meta.url));

/** Resolves when it is subscribed and asks. It ends with the scene, if not before. */
export async function childOf(scene, path) {
  const child = new Child([process.execPath, CLIENT, path]);
  scene.onEnd(() => child.kill());
  await child.ready('ready');
  return child;
}
