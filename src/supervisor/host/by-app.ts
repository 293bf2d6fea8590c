// The processes of all apps, sorted by their apps.
import { appOfMark } from '../model/mark.js';
import type { MarkedProcess } from '../system/marked.js';

/** By the id in their mark: with many apps, each is to look only at its own. */
export function byApp(marked: readonly MarkedProcess[]): Map<string, MarkedProcess[]> {
  const found = new Map<string, MarkedProcess[]>();
  for (const each of marked) {
    const id = appOfMark(each.mark);
    const known = found.get(id);
    if (known) known.push(each);
    else found.set(id, [each]);
  }
  return found;
}
