// Lanes that are processes are killed, at a rate at which they are replaced.
import { childrenOf, signal, until } from '../system.js';

export const what = 'kill -9 of lanes that are processes';

/** After five deaths in ten seconds lanes are not replaced for a while: the fault is slower than that. */
const PAUSE = 2500;

export async function run(scene) {
  const library = await scene.library({ workers: { isolation: 'process', minThreads: 2, maxThreads: 2 } });
  await scene.witness(library, { allowed: ['COMMAND_OUTCOME_UNKNOWN'] });
  await scene.repeat(
    async () => {
      const lanes = childrenOf(library.pid);
      const lane = lanes[scene.tried % lanes.length];
      scene.expect(lane !== undefined && signal(lane, 'SIGKILL'), 'there was no lane to kill');
      const replaced = await until(() => childrenOf(library.pid).filter((pid) => pid !== lane).length >= 2);
      scene.expect(replaced, 'a lane that was killed was not replaced');
    },
    { pause: PAUSE },
  );
}
