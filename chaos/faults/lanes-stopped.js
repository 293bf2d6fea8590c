// A lane that is a process is stopped: it is found unresponsive, killed and replaced; or it goes on before that.
import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, signal, until } from '../system.js';

export const what = 'SIGSTOP of lanes that are processes; every second one goes on later';

const PAUSE = 2000;

export async function run(scene) {
  const library = await scene.library({
    workers: { isolation: 'process', minThreads: 2, maxThreads: 2, unresponsiveAfter: 1000 },
  });
  // It asks on connections of its own, so that it meets each lane.
  await scene.witness(library, { allowed: ['COMMAND_OUTCOME_UNKNOWN'], fresh: true });
  await scene.repeat(
    async () => {
      const lanes = childrenOf(library.pid);
      const lane = lanes[scene.tried % lanes.length];
      if (lane === undefined || !signal(lane, 'SIGSTOP'))
        return scene.expect(false, 'there was no lane to stop');
      await delay(scene.tried % 2 === 0 ? 300 : 1500);
      signal(lane, 'SIGCONT');
      const whole = await until(() => childrenOf(library.pid).length >= 2);
      scene.expect(whole, 'a lane that was stopped was not replaced');
    },
    { pause: PAUSE },
  );
}
