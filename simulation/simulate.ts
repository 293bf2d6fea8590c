// The program behind `npm run simulate`.
import { MUTATIONS } from './build/mutations.js';
import { findPlanted, mutationOf, play, playSeeds, shortest } from './campaign.js';
import { type CommandLine, HELP, parse } from './command-line.js';
import { planOf } from './plan/generate.js';
import { tellPlan } from './plan/tell.js';
import { Theatre } from './run/theatre.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(line: CommandLine): Promise<boolean> {
  if (line.selfTest) return selfTest();
  const theatre = await Theatre.open(line.mutation === undefined ? [] : [mutationOf(line.mutation)]);
  if (line.seed !== undefined) return one(theatre, line.seed, line.shrink);
  return many(theatre, line);
}

async function many(theatre: Theatre, line: CommandLine): Promise<boolean> {
  const { from, seeds, minutes, mutation } = line;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const { failed, played, steps, counts } = await playSeeds(theatre, {
    from,
    seeds,
    until: began + minutes * 60_000,
  });
  const each = (ms: number): string => `${(ms / Math.max(1, played)).toFixed(2)} ms`;
  const { user, system } = process.cpuUsage(cpu);
  say(
    `${played} seeds, ${steps} steps; a seed took ${each(performance.now() - began)}, ${each((user + system) / 1000)} of CPU`,
  );
  const reached = [...counts].sort(([, a], [, b]) => b - a).map(([what, times]) => `${what} ${times}`);
  say(`on the way: ${reached.join(', ')}`);
  if (!failed) return true;
  const planted = mutation === undefined ? '' : ` --mutation ${mutation}`;
  say(`seed ${failed.seed} broke a promise: ${failed.violation ?? ''}`);
  say(`replay it:       npm run simulate -- --seed ${failed.seed}${planted}`);
  say(`make it shorter: npm run simulate -- --seed ${failed.seed} --shrink${planted}`);
  return false;
}

/** Plays one seed, or the shortest plan that fails like it, and prints every step. */
async function one(theatre: Theatre, seed: number, shrinks: boolean): Promise<boolean> {
  const whole = planOf(seed);
  const plan = shrinks ? await shortest(theatre, whole) : whole;
  const outcome = await play(theatre, plan, true);
  say(`seed ${seed}, ${plan.steps.length} of ${whole.steps.length} steps of its plan`);
  say(tellPlan(plan));
  say(outcome.trace.join('\n'));
  say(`digest ${(outcome.digest >>> 0).toString(16)}`);
  say(
    outcome.violation === undefined ? 'every promise was kept' : `a promise was broken: ${outcome.violation}`,
  );
  return outcome.violation === undefined;
}

async function selfTest(): Promise<boolean> {
  let all = true;
  for (const mutation of MUTATIONS) {
    const found = await findPlanted(mutation);
    const told = found ? `found after ${found.seeds} seeds: ${firstLine(found.violation)}` : 'NOT FOUND';
    say(`${mutation.name.padEnd(30)} ${told}`);
    all &&= found !== undefined;
  }
  return all;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

// A reader such as `head` that has seen enough is not a fault.
process.stdout.on('error', () => process.exit(0));

try {
  const line = parse(process.argv.slice(2));
  if (line.help) say(HELP);
  else process.exitCode = (await main(line)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}\n`);
  process.exitCode = 2;
}
