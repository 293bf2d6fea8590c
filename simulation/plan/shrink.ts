// Makes a failing plan as short as it gets: delta debugging over its steps.
import type { Plan, Step } from './plan.js';

/** The most runs that a search may take. */
const MOST_RUNS = 500;

/**
 * @param fails Whether a plan still fails in the same way.
 * @returns A plan that fails, and passes as soon as any single step is left out, unless the search took too long.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let runs = 0;
  let { steps } = plan;
  const without = async (kept: readonly Step[]): Promise<boolean> => {
    runs += 1;
    return runs <= MOST_RUNS && fails({ ...plan, steps: kept });
  };
  for (let size = Math.ceil(steps.length / 2); size >= 1;) {
    let shorter = false;
    for (let at = 0; at < steps.length;) {
      const kept = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (await without(kept)) {
        steps = kept;
        shorter = true;
      } else at += size;
    }
    if (!shorter || size > steps.length) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return { ...plan, steps };
}
