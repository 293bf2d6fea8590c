// Does one thing after the other; a failure stops none of the others.
import { CliError, EXIT, exitCodeOf } from '../terminal/exit.js';
import { say } from '../terminal/output.js';

/**
 * Does something for each item, in order.
 *
 * @throws {Error} as {@link throwFirst}; at once if the daemon has gone.
 */
export async function inTurn<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const failures: Error[] = [];
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      if (exitCodeOf(error) === EXIT.unreachable) throw error;
      failures.push(error as Error);
      if (items.length > 1) say((error as Error).message);
    }
  }
  throwFirst(failures, items.length);
}

/** Throws the only failure unchanged. If there are several, throws only their number, since each has been reported. */
export function throwFirst(failures: readonly Error[], total: number): void {
  const [first] = failures;
  if (first === undefined) return;
  if (total === 1) throw first;
  throw new CliError(exitCodeOf(first), `${failures.length} of ${total} failed`);
}
