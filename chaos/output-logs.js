// What the logs of apps hold that count lines, and what they say is missing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markedWith } from './system.js';

/** What a killed keeper may have read of an app and not written: one read. */
export const ONE_READ = 64 * 1024;

/** What a FIFO holds. It goes with the last process that has it open. */
export const ONE_FIFO = 64 * 1024;

const SENTENCE = /^(\d+) bytes with (\d+) line ends are missing here/;

/** The records of an app's log in order: `source` is `out`, `err` or `log`. */
export function recordsOf(folders, name) {
  return (
    folders
      .flatMap((folder) => {
        const files = readdirSync(folder).filter((file) => file.startsWith(`${name}.all.log`));
        // Those that were put aside have the time in their name; the one that is written comes last.
        const ordered = files.sort((a, b) =>
          a.length === b.length ? (a < b ? -1 : 1) : b.length - a.length,
        );
        return ordered.map((file) => readFileSync(join(folder, file), 'latin1'));
      })
      // A file that was moved away within a line has no line end there.
      .flatMap((text) => text.split('\n').filter((line, at, all) => at < all.length - 1 || line !== ''))
      .map((line) => ({ source: line.slice(25, 28), text: line.slice(29) }))
  );
}

/** The lines that an app printed. */
export const linesOf = (folders, name) =>
  recordsOf(folders, name)
    .filter(({ source }) => source !== 'log')
    .map(({ text }) => text);

/** The bytes that an app's log holds, and those that it says are missing, without line ends. */
export function sumOf(folders, name) {
  let sum = 0;
  for (const { source, text } of recordsOf(folders, name)) {
    const [, bytes, ends] = (source === 'log' && SENTENCE.exec(text)) || [];
    if (source !== 'log') sum += text.length;
    else if (bytes !== undefined) sum += Number(bytes) - Number(ends);
  }
  return sum;
}

/** The folder of a manager's logs. */
export const logsOf = (manager) => join(manager.state, 'logs');

/** The keeper has the state directory of its daemon as its argument, and the daemon's environment. */
export function keepersOf(manager) {
  return markedWith(`BUNCTL_STATE_DIR=${manager.base}`).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/bundle/keeper.js'),
  );
}

export const isInOrder = (numbers) => numbers.every((number, at) => at === 0 || number > numbers[at - 1]);
