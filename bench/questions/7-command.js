// The time that `bunctl list` takes as a whole process, compared with a node that does nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median } from '../measure.js';

export default async function command({ quick, home, atMost }) {
  const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bunctl.cjs');
  const env = {
    ...process.env,
    BUNCTL_SOCKET: join(home, 'bunctl.sock'),
    BUNCTL_STATE_DIR: join(home, 'state'),
  };
  const timed = (...args) => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { env });
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
    return performance.now() - began;
  };
  timed(cli, 'start', 'app', '--', 'sleep', '600');
  const times = [[], []];
  try {
    for (let run = 0; run < (quick ? 5 : 25); run += 1) {
      times[0].push(timed(cli, 'list'));
      times[1].push(timed('-e', '0'));
    }
  } finally {
    timed(cli, 'delete', 'all', '-f');
    timed(cli, 'shutdown');
  }
  const [a, b] = times.map(median);
  atMost(1.6, { what: 'bunctl list as a whole process', unit: 'ms', peer: 'node -e 0', ours: a, theirs: b });
}
