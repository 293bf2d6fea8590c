// A client with very little cost of its own, compiled when the bench runs: a lone request is too short for a client in Node.
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Compiles the client into `home`; undefined without a C compiler. `ask` gives the latencies of requests to the server
 * at `path`; `own` gives those of an echo in C, which are the cost of the client and the kernel. In µs.
 */
export function compileLightClient(home) {
  const program = join(home, 'light-client');
  const source = join(import.meta.dirname, 'light-client.c');
  const { status, error, stderr } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (error) return undefined;
  if (status !== 0) throw new Error(`cc could not compile ${source}: ${stderr}`);
  const measure = async (target, seconds) =>
    JSON.parse((await run(program, [target, String(seconds)], { timeout: 60_000 })).stdout);
  return {
    ask: (path, seconds) => measure(path, seconds),
    own: (seconds) => measure('--echo', seconds),
  };
}
