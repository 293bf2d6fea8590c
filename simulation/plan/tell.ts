// Says what a plan is, for people.
import type { Plan, Step } from './plan.js';

/** A step in a line: `killLane lane=1`. */
export function tellStep(step: Step): string {
  const { at: _at, step: name, ...fields } = step;
  const told = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [name, ...told].join(' ');
}

/** The settings and every step with its time. */
export function tellPlan({ settings, steps }: Plan): string {
  const options = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `settings: ${options.join(' ')}`,
    ...steps.map((step) => `at ${step.at} ms: ${tellStep(step)}`),
  ].join('\n');
}
