// Ends a process group: SIGTERM once for each process, the leader first, and SIGKILL for what remains after the patience.
import { ticksNow } from '../system/clock.js';
import { type GroupMembers, membersOf } from '../system/groups.js';
import { exists, sendSignal, userOutOfReach } from '../system/processes.js';
import { endsBySigterm, isDead } from '../system/stat.js';
import { system } from '../system/system.js';
import type { ProcessEnd } from './process-end.js';

/**
 * The leader may pass SIGTERM on to the rest of the group. A process that was not told is told after this time, in ms; a
 * process that may have been told is told when half the patience is over.
 */
const LEADER_FIRST = 250;
/** The time, in ms, after its leader's end for which a process that handles SIGTERM is treated as told already. */
const ALREADY_TOLD = 500;
/** Milliseconds between two polls: the first, and the longest. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

export class GroupEnd implements ProcessEnd {
  readonly #group: number;
  readonly #patience: number;
  readonly #scan: typeof membersOf;
  /** When the leader was asked to end: by `performance.now()`, and in clock ticks since the boot. */
  #asked: { readonly at: number; readonly ticks: number } | undefined;
  #leaderEndedAt: number | undefined;
  readonly #told = new Set<number>();
  #killed = false;
  #onGone: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause = FIRST_PAUSE;
  /** A member that lived at the last scan: while it lives, no scan is needed. */
  #witness: number | undefined;
  #closed = false;

  /**
   * @param group The group's number, which is its leader's.
   * @param patience Milliseconds from the leader's end until SIGKILL.
   * @param scan Finds the members of a group among all processes.
   */
  constructor(group: number, patience: number, scan: typeof membersOf = membersOf) {
    this.#group = group;
    this.#patience = patience;
    this.#scan = scan;
  }

  /** Asks the leader to end, and the rest a moment later. Asking again does nothing. Returns whether it could be asked. */
  ask(): boolean {
    if (this.#asked) return exists(-this.#group);
    const all = !system.tellsHandlers;
    this.#asked = { at: performance.now(), ticks: all ? Infinity : ticksNow() };
    this.#told.add(this.#group);
    if (all) return this.#signalAll('SIGTERM');
    if (this.#leaderEndedAt === undefined) {
      this.#schedule(LEADER_FIRST);
      return sendSignal(this.#group, 'SIGTERM');
    }
    return exists(-this.#group);
  }

  /** Kills all of the group. Returns whether there was one. */
  kill(): boolean {
    return this.#signalAll('SIGKILL');
  }

  /** Where there are no groups, the leader alone is signalled. When it has ended, its number may be a stranger's. */
  #signalAll(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    if (this.#leaderEndedAt === undefined)
      return sendSignal(-this.#group, signal) || sendSignal(this.#group, signal);
    return this.#remains() && sendSignal(-this.#group, signal);
  }

  /**
   * Whether the group has members after its leader's end. While the group has members, the system gives its number to
   * no other process. So a live process of that number is a stranger, and so is the group that it leads.
   */
  #remains(): boolean {
    return exists(-this.#group) && !lives(this.#group);
  }

  /** The leader has ended. Calls `onGone` when all others have ended too; at once if there are no others. */
  leaderEnded(onGone: () => void): void {
    this.#onGone = onGone;
    this.#leaderEndedAt = performance.now();
    if (!this.#remains()) {
      this.#gone();
      return;
    }
    // Nobody has told the rest, because the leader ended by itself.
    if (!this.#asked) {
      this.#asked = { at: this.#leaderEndedAt, ticks: Infinity };
      sendSignal(-this.#group, 'SIGTERM');
      this.#witness = undefined;
    }
    this.#pause = FIRST_PAUSE;
    this.#schedule(0);
  }

  /** A signal reaches everything in a group but what has become another user's, such as sudo. */
  whyItLives(): string | null {
    const pid = this.#leaderEndedAt === undefined ? this.#group : this.#witness;
    const user = pid === undefined ? undefined : userOutOfReach(pid);
    if (user === undefined) return null;
    return `process ${pid} runs as user ${user}, and the daemon's user ${process.getuid?.()} may not end it; end it as user ${user}`;
  }

  /** Stops watching the group. Its processes go on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #gone(): void {
    this.close();
    this.#onGone?.();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#look().catch(() => {
        // Our own lack of descriptors, for example, says nothing about the group: it is looked at again.
        this.#schedule(LONGEST_PAUSE);
      });
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    if (this.#leaderEndedAt === undefined) return this.#lookBesideLeader();
    if (!this.#remains()) {
      this.#gone();
      return;
    }
    if (
      system.tellsProcesses &&
      (this.#witness === undefined || !lives(this.#witness) || this.#tellingIsDue())
    ) {
      const members = await this.#scan(this.#group);
      if (this.#closed) return;
      // A group of nothing but zombies is gone. If a scan saw none at all, they have come and gone meanwhile.
      if (members?.live.length === 0 || !this.#remains()) {
        this.#gone();
        return;
      }
      this.#tell(members);
      this.#witness = members?.live[0];
    }
    if (!this.#killed && performance.now() >= this.#leaderEndedAt + this.#patience) {
      this.#killed = true;
      this.kill();
      this.#pause = FIRST_PAUSE;
    }
    this.#pause = Math.min(this.#pause * 1.5, LONGEST_PAUSE);
    this.#schedule(this.#pause);
  }

  /** The leader was asked and still lives. */
  async #lookBesideLeader(): Promise<void> {
    this.#tell(await this.#scan(this.#group));
    const half = (this.#asked?.at ?? 0) + this.#patience / 2 - performance.now();
    // Set only if the leader ended while the scan ran; then that look is scheduled already.
    if (this.#leaderEndedAt === undefined && half > 0) this.#schedule(half);
  }

  #secondTelling = false;

  /** Whether it is time to tell those that may have been told by their leader. */
  #tellingIsDue(): boolean {
    if (this.#secondTelling || this.#asked?.ticks === Infinity) return false;
    return performance.now() >= (this.#leaderEndedAt ?? Infinity) + ALREADY_TOLD;
  }

  #tell(members: GroupMembers | undefined): void {
    const { at, ticks } = this.#asked ?? { at: Infinity, ticks: Infinity };
    if (this.#closed || ticks === Infinity) return;
    const now = performance.now();
    const leaderEnded = this.#leaderEndedAt !== undefined;
    const everybody = leaderEnded ? this.#tellingIsDue() : now >= at + this.#patience / 2;
    if (leaderEnded && everybody) this.#secondTelling = true;
    for (const pid of members?.live ?? []) {
      if (this.#told.has(pid) || system.statOf(pid)?.group !== this.#group) continue;
      if (!everybody) {
        // What was started since is the work of a handler of SIGTERM. Start times are whole ticks.
        if (Number(system.statOf(pid)?.startTime ?? Infinity) >= Math.floor(ticks)) continue;
        // A process that SIGTERM would have ended has not been told. Another may have been.
        if (!endsBySigterm(pid)) continue;
      }
      this.#told.add(pid);
      sendSignal(pid, 'SIGTERM');
    }
  }
}

/** Where processes cannot be read, one that exists counts as living. */
function lives(pid: number): boolean {
  if (!system.tellsProcesses) return exists(pid);
  const stat = system.statOf(pid);
  return stat !== undefined && !isDead(stat);
}
