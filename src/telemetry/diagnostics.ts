// Tells of the steps of a daemon: to its log, and to whoever has subscribed to the channel of the step.
import { type Channel, channel } from 'node:diagnostics_channel';
import type { Logger } from 'pino';
import { type DaemonSteps, type StepLine, type StepName, STEPS } from './steps.js';

/** Tells of a step. Never throws: Node raises what a subscriber throws later, as an uncaught exception. */
export type Tell = <N extends StepName>(step: N, fields: DaemonSteps[N]) => void;

/** Tells nobody. */
export const untold: Tell = () => undefined;

const CHANNELS = Object.fromEntries(
  (Object.keys(STEPS) as StepName[]).map((step) => [step, channel(`bunctl-ipc:${step}`)]),
) as Record<StepName, Channel>;

/**
 * Makes the teller of one daemon.
 *
 * @param daemon Its `socketPath`, which every message has.
 * @param log Its logger, or that of a thread; one that does not throw.
 */
export function teller(daemon: string, log: Logger): Tell {
  return (step, fields) => {
    const line = STEPS[step].line;
    if (line !== undefined) logStep(log, line, fields, daemon);
    const to = CHANNELS[step];
    if (to.hasSubscribers) to.publish({ daemon, ...fields });
  };
}

function logStep<F extends object>(
  log: Logger,
  { level, words, withPath }: StepLine<F>,
  fields: F,
  path: string,
): void {
  const line: object = withPath ? { ...fields, path } : fields;
  log[level](line, typeof words === 'string' ? words : words(fields));
}
