// The program behind `npm run chaos`.
import { HELP, parse } from './arguments.js';
import { campaign } from './campaign.js';
import { table } from './table.js';

/** Of all that was lost in one fault, this much is printed. */
const SHOWN = 5;

async function main({ names, seconds, json, help }) {
  if (help) {
    console.log(HELP);
    return true;
  }
  const rows = await campaign(names, seconds, (row) => {
    const lost = row.lost.slice(0, SHOWN).map((what) => `\n    ${what}`);
    const told =
      row.skipped === undefined ? `${row.answered} answered, ${row.lost.length} lost` : row.skipped;
    console.error(`${row.name}: ${told}${lost.join('')}`);
  });
  console.log(json ? JSON.stringify(rows, null, 2) : table(rows));
  return rows.every(({ lost }) => lost.length === 0);
}

try {
  process.exitCode = (await main(parse(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
