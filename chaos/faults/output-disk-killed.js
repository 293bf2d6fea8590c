// As output-disk; while the disk is full the daemon, the keeper, or both are killed, and the count outlives them.
import { keepersOf, ONE_FIFO, ONE_READ } from '../output-logs.js';
import { withoutSmallDisk } from '../small-disk.js';
import { signal } from '../system.js';
import { LOSES_NOTHING, onFullDisk } from './output-disk.js';

export const what = 'the same, and the daemon, the keeper, or both are killed while the disk is full';
export const skip = withoutSmallDisk;

export const run = (scene) =>
  onFullDisk(scene, { cuts: true }, async (manager) => {
    const keeperDies = scene.tried % 3 !== 0;
    if (keeperDies) for (const pid of keepersOf(manager)) signal(pid, 'SIGKILL');
    if (scene.tried % 3 !== 2) {
      await manager.kill();
      await manager.start();
    }
    if (!keeperDies) return LOSES_NOTHING;
    const bothDie = scene.tried % 3 === 1;
    return { running: ONE_READ, ended: ONE_READ + (bothDie ? ONE_FIFO : 0) };
  });
