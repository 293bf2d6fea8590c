// The resource use of apps: the memory of all their processes, and their processor time over the last seconds.
import { ageOf, ticksNow } from './clock.js';
import { heldBy } from './group-memory.js';
import { TICKS_PER_SECOND } from './kernel.js';
import { type Member, membersByLeader } from './members.js';

/** The resource use of all processes of an app together. */
export interface Usage {
  /** See `heldBy`. */
  readonly memoryBytes: number;
  /**
   * The use since the sample before, in percent of one core. That sample is at least a second and at most a minute
   * older; without one, the use since the start. Null where processor times are not told.
   */
  readonly cpuPercent: number | null;
  /** Null where it is not told which processes are the app's beside its own. */
  readonly processes: number | null;
  /** Milliseconds since its leader was started; null if the leader has ended before the others. */
  readonly ageMs: number | null;
}

/** The shortest time, in ms, over which a figure is useful: the clock ticks every 10 ms. */
const SHORTEST = 1000;
/** The longest: beyond it the figure would tell of the past. */
const LONGEST = 60_000;

/** The time, in ms, for which a sample is used for all requests. */
const FRESH = 250;

interface Sample {
  readonly at: number;
  readonly ticks: ReadonlyMap<number, number>;
}

/** Keeps the last samples, to compare with. Each sample is one pass over all processes: not for the main thread. */
export class UsageSampler {
  readonly #now: () => number;
  readonly #members: typeof membersByLeader;
  #base: Sample | undefined;
  #last: Sample | undefined;
  #result: { readonly at: number; readonly usage: ReadonlyMap<number, Usage> } | undefined;

  /** @param now Milliseconds of a clock that does not jump. */
  constructor(now: () => number = () => performance.now(), members = membersByLeader) {
    this.#now = now;
    this.#members = members;
  }

  /** The current use of apps, by the numbers of their leaders; an app whose processes are all gone is not in the map. */
  sample(leaders: ReadonlySet<number>): ReadonlyMap<number, Usage> {
    const at = this.#now();
    const recent = this.#result && at - this.#result.at < FRESH ? this.#result.usage : undefined;
    if (recent && leaders.size > 0 && [...leaders].every((leader) => recent.has(leader))) return recent;
    const found = this.#find(leaders);
    const ticks = this.#note(at, found);
    const usage = new Map<number, Usage>();
    for (const [leader, members] of found) {
      // A system that tells of memory alone knows neither times nor parents.
      const timed = members.some(({ stat }) => stat.startTime !== '');
      usage.set(leader, {
        memoryBytes: heldBy(members),
        cpuPercent: timed ? this.#percent(leader, members, ticks.get(leader) ?? 0, at) : null,
        processes: timed ? members.length : null,
        ageMs: ageOf(members.find(({ pid }) => pid === leader)?.stat.startTime ?? null),
      });
    }
    this.#result = { at, usage };
    return usage;
  }

  /**
   * Takes a sample with which later ones are compared. It does not ask how much memory the apps hold, because that is
   * expensive.
   */
  note(leaders: ReadonlySet<number>): void {
    this.#note(this.#now(), this.#find(leaders));
  }

  #find(leaders: ReadonlySet<number>): ReadonlyMap<number, Member[]> {
    return leaders.size === 0 ? new Map<number, Member[]>() : this.#members(leaders);
  }

  #note(at: number, found: ReadonlyMap<number, Member[]>): ReadonlyMap<number, number> {
    const ticks = new Map([...found].map(([leader, members]) => [leader, ticksOf(members)]));
    // Samples in quick succession are all compared with the same older one.
    if (this.#last === undefined || at - this.#last.at >= SHORTEST) {
      this.#base = this.#last !== undefined && at - this.#last.at <= LONGEST ? this.#last : undefined;
      this.#last = { at, ticks };
    }
    return ticks;
  }

  #percent(leader: number, members: readonly Member[], ticks: number, at: number): number {
    const before = this.#base?.ticks.get(leader);
    const started = Number(members.find(({ pid }) => pid === leader)?.stat.startTime ?? NaN);
    const elapsed =
      this.#base !== undefined && before !== undefined
        ? ((at - this.#base.at) / 1000) * TICKS_PER_SECOND
        : ticksNow() - started;
    if (!(elapsed > 0)) return 0;
    return Math.round((Math.max(0, ticks - (before ?? 0)) / elapsed) * 1000) / 10;
  }
}

/** With the ticks of children that ended, which their parents have inherited, the sum only grows while an app runs. */
function ticksOf(members: readonly Member[]): number {
  return members.reduce((sum, { stat }) => sum + stat.cpuTicks + stat.childTicks, 0);
}
