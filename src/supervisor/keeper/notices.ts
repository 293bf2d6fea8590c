// What bunctl itself says in an app's log, and how that is told from what the app printed.
import { HEADER_LENGTH, parseHeader, recordHeader } from '../logs/record.js';
import type { LogSettings } from '../model/keeper-messages.js';

/** The line that says it, with its end. */
export function noticeOf(format: LogSettings['format'], sentence: string): string {
  return format === 'stamped'
    ? `${recordHeader(Date.now(), 'bunctl')}${sentence}\n`
    : `bunctl: ${sentence}\n`;
}

/** How many of a text's lines are records of what the app printed. */
export function countAppsRecords(text: string): number {
  return text.split('\n').filter((line) => {
    const header = parseHeader(Buffer.from(line.slice(0, HEADER_LENGTH), 'latin1'));
    return header !== undefined && header.source !== 'bunctl';
  }).length;
}
