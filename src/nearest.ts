// Guesses which word was meant: the known word that is nearest to the one that was typed.

/** How many letters have to be changed, added, removed, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] as number) + 1,
        (line[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (before[column - 2] as number) + 1);
      line.push(cost);
    }
    [before, last] = [last, line];
  }
  return last[b.length] as number;
}

/** The nearest known word: at most two letters away, one for a short word. Undefined if none is that near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const bound = word.length <= 3 ? 1 : 2;
  let best: string | undefined;
  let least = bound + 1;
  for (const each of known) {
    const far = distance(word.toLowerCase(), each.toLowerCase());
    if (far < least) [best, least] = [each, far];
  }
  return best;
}
