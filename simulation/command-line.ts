// The arguments of `npm run simulate`.
import { parseArgs } from 'node:util';

export const HELP = `Plays the daemon's real code in virtual worlds, one for each seed, and checks its promises after every step.

  npm run simulate -- --seeds 10000             plays seeds 1 to 10000
  npm run simulate -- --seeds 100 --from 5000   plays seeds 5000 to 5099
  npm run simulate -- --minutes 10              plays seeds for ten minutes
  npm run simulate -- --seed 17                 plays one seed and prints every step
  npm run simulate -- --seed 17 --shrink        finds the shortest plan that fails like seed 17
  npm run simulate -- --mutation NAME           plays with a bug planted, together with any of the above
  npm run simulate -- --self-test               shows that each planted bug is found within 2000 seeds

It exits with 0 when every promise was kept, with 1 when one was broken, and with 2 for arguments that it does not know.`;

export interface CommandLine {
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number;
  /** The one seed to play. */
  readonly seed: number | undefined;
  readonly shrink: boolean;
  readonly mutation: string | undefined;
  readonly selfTest: boolean;
  readonly help: boolean;
}

/** @throws {TypeError} for an argument that is not one of those above. */
export function parse(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      shrink: { type: 'boolean', default: false },
      mutation: { type: 'string' },
      'self-test': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = values.minutes === undefined ? Infinity : number('minutes', values.minutes);
  const seeds = values.minutes === undefined ? '1000' : String(Number.MAX_SAFE_INTEGER);
  if (values.shrink && values.seed === undefined)
    throw new TypeError('--shrink needs --seed, the seed that fails');
  return {
    from: number('from', values.from),
    seeds: number('seeds', values.seeds ?? seeds),
    minutes,
    seed: values.seed === undefined ? undefined : number('seed', values.seed),
    shrink: values.shrink,
    mutation: values.mutation,
    selfTest: values['self-test'],
    help: values.help,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`--${name} must be a whole number, 0 or more; it is ${JSON.stringify(text)}`);
  return value;
}
