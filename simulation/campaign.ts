// Plays many seeds, until one fails; and plays seeds with planted bugs, until each is found.
import { MUTATIONS, type Mutation } from './build/mutations.js';
import { planOf } from './plan/generate.js';
import type { Plan } from './plan/plan.js';
import { shrink } from './plan/shrink.js';
import { type Outcome, Run } from './run/run.js';
import { Theatre } from './run/theatre.js';

/** The most seeds in which a planted bug must be found. */
export const SELF_TEST_SEEDS = 2000;

export interface Campaign {
  /** The first outcome in which a promise was broken. */
  readonly failed: Outcome | undefined;
  /** Seeds played. */
  readonly played: number;
  readonly steps: number;
  /** How often something of note happened in all of them, by its name. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Plays seeds from `from` on until one fails, `seeds` have been played, or the time is over. */
export async function playSeeds(
  theatre: Theatre,
  { from = 1, seeds, until = Infinity }: { from?: number; seeds: number; until?: number },
): Promise<Campaign> {
  const counts = new Map<string, number>();
  let steps = 0;
  let played = 0;
  while (played < seeds && performance.now() < until) {
    const outcome = await play(theatre, planOf(from + played));
    steps += outcome.steps;
    for (const [what, times] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + times);
    played += 1;
    if (outcome.violation !== undefined) return { failed: outcome, played, steps, counts };
  }
  return { failed: undefined, played, steps, counts };
}

export function play(theatre: Theatre, plan: Plan, tracing = false): Promise<Outcome> {
  return new Run(theatre, plan, tracing).play();
}

/** The shortest plan that fails like this one: with the same sentence, numbers aside. */
export async function shortest(theatre: Theatre, plan: Plan): Promise<Plan> {
  const wanted = kindOf(await play(theatre, plan));
  return shrink(plan, async (shorter) => kindOf(await play(theatre, shorter)) === wanted);
}

function kindOf({ violation }: Outcome): string | undefined {
  return violation?.split('\n', 1)[0]?.replace(/\d+|\{[^}]*\}/g, '#');
}

export function mutationOf(name: string): Mutation {
  const mutation = MUTATIONS.find((each) => each.name === name);
  if (mutation) return mutation;
  const names = MUTATIONS.map((each) => each.name).join(', ');
  throw new TypeError(`there is no mutation ${name}; the mutations are ${names}`);
}

/** How many seeds it took to find a planted bug, and what gave it away; undefined when it was not found. */
export async function findPlanted(
  mutation: Mutation,
): Promise<{ seeds: number; violation: string } | undefined> {
  const theatre = await Theatre.open([mutation]);
  const { failed, played } = await playSeeds(theatre, { seeds: SELF_TEST_SEEDS });
  return failed?.violation === undefined ? undefined : { seeds: played, violation: failed.violation };
}
