// The limit of open files that a daemon was started with, which Node has raised for itself.
import { describe, expect, test } from 'vitest';
import { type Ancestors, givenOpenFiles } from '#dist/supervisor/system/open-files.js';

/** Processes above ours, the nearest first, as `[soft, hard, is Node]`. */
function above(hard: number, ...ancestors: [number, number, boolean?][]): Ancestors {
  return {
    limits(pid) {
      if (pid === 'self') return { soft: hard, hard };
      const [soft, itsHard] = ancestors[pid - 1] ?? [];
      return soft === undefined || itsHard === undefined ? undefined : { soft, hard: itsHard };
    },
    parent: (pid) => (pid <= ancestors.length ? pid + 1 : undefined),
    isNode: (pid) => ancestors[pid - 1]?.[2] ?? false,
  };
}

describe('the limit that a daemon was started with', () => {
  test.each<[string, Ancestors, number | undefined]>([
    ['is that of the shell it was started from', above(20_000, [1024, 20_000]), 1024],
    ['is the shell’s though that is the hard one', above(20_000, [20_000, 20_000], [1024, 20_000]), 20_000],
    ['is not what another Node has raised: npx', above(20_000, [20_000, 20_000, true], [1024, 20_000]), 1024],
    [
      'is not what another Node has raised for the shell it started: npm run',
      above(20_000, [20_000, 20_000], [20_000, 20_000, true], [1024, 20_000]),
      1024,
    ],
    ['is not known if it was set for the daemon alone', above(20_000, [100, 1_000_000]), undefined],
    [
      'is not known if it was set for npm alone',
      above(20_000, [20_000, 20_000, true], [1024, 50_000]),
      undefined,
    ],
    ['is not known of the first process of a container', above(20_000), undefined],
  ])('%s', (_what, ancestors, limit) => {
    expect(givenOpenFiles(undefined, 1, ancestors)).toBe(limit);
  });

  test('is what the variable says; one that is no limit is refused', () => {
    const ancestors = above(20_000, [1024, 20_000]);
    expect(givenOpenFiles('5000', 1, ancestors)).toBe(5000);
    expect(givenOpenFiles('', 1, ancestors)).toBe(1024);
    for (const other of ['0', '-1', '1e3', 'many'])
      expect(() => givenOpenFiles(other, 1, ancestors)).toThrow(
        `BUNCTL_OPEN_FILES must be a whole number, 1 or more, not "${other}"`,
      );
  });
});
