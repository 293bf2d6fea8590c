// Several tiers side by side: each command has its own, by its name.
import type { Lanes } from '../../ports.js';
import { commandNameOf } from '../../protocol/command-name.js';
import type { Tier } from './tier.js';

/**
 * Joins tiers into one.
 *
 * @param usual Takes the commands that have no tier of their own, and those whose name main cannot read.
 * @param special The tiers of single commands, by the command's name.
 */
export function mixTiers(usual: Tier, special: ReadonlyMap<string, Tier>): Tier {
  if (special.size === 0) return usual;
  const all = [...new Set([usual, ...special.values()])];
  const lanes: Lanes = {
    pick: () => usual.lanes.pick(),
    get down() {
      return usual.lanes.down;
    },
    of: (payload) => (special.get(commandNameOf(payload) ?? '') ?? usual).lanes,
  };
  return {
    lanes,
    stats() {
      const each = all.map((tier) => tier.stats());
      return {
        lanes: each.flatMap((stats) => stats.lanes),
        laneDeaths: sum(each.map((stats) => stats.laneDeaths)),
        stuckThreads: sum(each.map((stats) => stats.stuckThreads)),
      };
    },
    close() {
      for (const tier of all) tier.close();
    },
    gone: () => Promise.all(all.map((tier) => tier.gone())),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
