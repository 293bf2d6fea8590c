// A small disk of its own for a state directory: a tmpfs, which root alone may mount.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Why there can be none; undefined when there can. */
export function withoutSmallDisk() {
  if (process.getuid?.() !== 0) return 'only root may mount a tmpfs';
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
    ? undefined
    : 'a tmpfs cannot be mounted here';
}

/** Mounts one for the time of the scene. */
export function smallDisk(scene, size) {
  const path = join(scene.home, 'small');
  mkdirSync(path, { mode: 0o700 });
  done('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'none', path);
  scene.onEnd(() => done('umount', path));
  return { path, resize: (to) => done('mount', '-o', `remount,size=${to}`, path) };
}

function done(program, ...args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
