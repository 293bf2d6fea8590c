// Apps that behave badly: none of them keeps a command from its answer, and none leaves a process when it is deleted.
import { startOf } from '../manager.js';
import { until } from '../system.js';

export const what = 'apps that ignore SIGTERM, fork, daemonize, flood, crash in a loop';

const FAST = {
  base_delay_ms: 10,
  max_delay_ms: 50,
  multiplier: 2,
  jitter: 0,
  max_attempts: null,
  exhausted_action: 'stop',
};
const BAD = {
  ignores: 'trap "" TERM INT HUP; while :; do sleep 1; done',
  forks: 'for n in 1 2 3 4 5; do sleep 1000 & done; wait',
  daemonizes: 'setsid sleep 1000 & setsid sh -c "trap \\"\\" TERM; sleep 1000" & sleep 1000',
  leaves: 'setsid sleep 1000 & exit 0',
  floods: 'yes | head -c 3000000; sleep 1000',
  crashes: 'echo failing; exit 1',
  killed: 'kill -9 $$',
};

export async function run(scene) {
  const manager = await scene.manager();
  await scene.witness(manager);
  const client = await manager.connect();
  scene.onEnd(() => client.close());
  await scene.repeat(async () => {
    const config = { restart_policy: 'always', backoff: FAST, stop_timeout: { secs: 0, nanos: 300_000_000 } };
    const settled = await Promise.allSettled(
      Object.entries(BAD).map(([name, script]) => client.request(startOf(name, script, config))),
    );
    for (const { reason } of settled) if (reason) scene.expect(reason.answer, `a start: ${reason.message}`);
    for (const name of Object.keys(BAD)) {
      const stopped = client.request({ Delete: { name, kill_escaped: true } });
      await stopped.catch((error) => scene.expect(false, `Delete of ${name}: ${error.message}`));
    }
    const gone = await until(() => manager.processes().length === 0, 5000);
    scene.expect(gone, `${manager.processes().length} processes are left of apps that were deleted`);
  });
}
