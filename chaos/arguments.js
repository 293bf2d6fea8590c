// The arguments of `npm run chaos`.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** The names of all faults. */
export const FAULTS = readdirSync(new URL('faults/', import.meta.url))
  .map((file) => file.replace(/\.js$/, ''))
  .sort();

export const HELP = `Runs daemons under faults, while a witness asks all the time and must get every answer.

  npm run chaos                           every fault, for 5 seconds each
  npm run chaos -- --minutes 10           every fault, in ten minutes altogether
  npm run chaos -- --seconds 1 reset      these faults only, for so long each
  npm run chaos -- --json                 prints the rows as JSON

It exits with 0 when nothing was lost, with 1 when something was, and with 2 for arguments that it does not know.

The faults: ${FAULTS.join(', ')}.`;

/** @throws {TypeError} for an argument that is not one of those above. */
export function parse(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => !FAULTS.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no fault ${JSON.stringify(unknown)}`);
  const names = positionals.length > 0 ? [...new Set(positionals)] : FAULTS;
  const seconds =
    values.minutes === undefined
      ? number('seconds', values.seconds ?? '5')
      : (number('minutes', values.minutes) * 60) / names.length;
  return { names, seconds, json: values.json, help: values.help };
}

function number(name, text) {
  const value = Number(text);
  if (!(value > 0) || value > 24 * 3600)
    throw new TypeError(`--${name} must be a number above 0; it is ${JSON.stringify(text)}`);
  return value;
}
