// What ends an app's process with all that belongs to it. Each system has its own way.

export interface ProcessEnd {
  /** Asks it to end. Returns whether there was anything to ask. */
  ask(): boolean;
  /** Kills it. Returns whether there was anything to kill. */
  kill(): boolean;
  /** The process itself has ended. Calls `onGone` when all that belongs to it has ended too. */
  leaderEnded(onGone: () => void): void;
  /** Why it cannot be ended, as a sentence; null if nothing is known to be in the way. */
  whyItLives(): string | null;
  /** Stops watching. Its processes go on. */
  close(): void;
}
