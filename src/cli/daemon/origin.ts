// Where an app came from, and whether a file may change, stop or delete it.
import { existsSync, realpathSync } from 'node:fs';
import type { AppStatus } from '../answers/wire.js';
import { quoteWords } from '../input/shell-words.js';
import type { Described } from '../input/start-arguments.js';

/** Two paths that lead to one file are that file. */
function isSameFile(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    // One of them does not exist.
    return false;
  }
}

/** Whether an app came from this file. */
export const isFrom = ({ source }: AppStatus, file: string): boolean => !!source && isSameFile(source, file);

/** The other file that an app came from, if it still exists; undefined if it came from this one, or from none. */
export function otherFile(app: AppStatus, file: string): string | undefined {
  const { source } = app;
  return source && existsSync(source) && !isFrom(app, file) ? source : undefined;
}

/** Where an app came from that did not come from this file, as a part of a sentence; undefined if it did. */
export function originOf(app: AppStatus, file: string): string | undefined {
  if (isFrom(app, file)) return undefined;
  if (!app.source) return 'the command line';
  return otherFile(app, file) ?? `${app.source}, which is gone`;
}

/**
 * Why a file that nobody named, and that was only found in the folder, does not take over an app, as sentences; undefined
 * if it does. A start script does not describe an app, so it does not take one over.
 */
export function whyNotTaken(
  app: AppStatus,
  { file, found }: Described & { readonly file: string },
): string | undefined {
  const origin = originOf(app, file);
  if (found === undefined || origin === undefined) return undefined;
  if (found === 'file' && otherFile(app, file) === undefined) return undefined;
  const what = found === 'file' ? file : `the start script of ${file}`;
  const asItIs =
    app.state === 'Running' ? '' : `. To start it as it is: bunctl restart ${quoteWords([app.name])}`;
  return `App ${app.name} came from ${origin}, so ${what}, which was found in this folder, does not change it. To let that file take it over, name it: bunctl start ${quoteWords([file])}${asItIs}`;
}
