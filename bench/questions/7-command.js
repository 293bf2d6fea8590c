// How long `bunctl list` and `bunctl --version` take as whole processes, beside a node that does nothing.
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
  const times = { list: [], version: [], nothing: [] };
  try {
    for (let run = 0; run < (quick ? 5 : 25); run += 1) {
      times.list.push(timed(cli, 'list'));
      times.version.push(timed(cli, '--version'));
      times.nothing.push(timed('-e', '0'));
    }
  } finally {
    timed(cli, 'delete', 'all', '-f');
    timed(cli, 'shutdown');
  }
  const beside = { unit: 'ms', peer: 'node -e 0', theirs: median(times.nothing) };
  atMost(1.35, { what: 'bunctl list as a whole process', ...beside, ours: median(times.list) });
  atMost(1.1, { what: 'bunctl --version as a whole process', ...beside, ours: median(times.version) });
}
