// What an app has printed, by its log: without times, one stream or both.
import { readFileSync } from 'node:fs';
import { HEADER_LENGTH, parseHeader } from '#dist/supervisor/logs/record.js';
import { stateFiles, type Stream } from '#dist/supervisor/state/paths.js';

/** The text of a stream, or of both in the order of printing; empty when there is no log. */
export function printedBy(state: string, id: string, stream?: Stream): string {
  let text: string;
  try {
    text = readFileSync(stateFiles(state).log(id), 'utf8');
  } catch {
    return '';
  }
  return text
    .split(/(?<=\n)/)
    .filter((line) => {
      const source = parseHeader(Buffer.from(line))?.source;
      return source !== 'bunctl' && (stream === undefined || source === stream);
    })
    .map((line) => line.slice(HEADER_LENGTH))
    .join('');
}
