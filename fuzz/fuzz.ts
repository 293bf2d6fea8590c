// The program behind `npm run fuzz`.
import { parseArgs } from 'node:util';
import { everySplit, everyTruncation, generated, PROPERTIES } from './campaign.js';
import { Checks } from './checks.js';
import { Target } from './target.js';

const HELP = `Sends a daemon broken frames and broken JSON, and checks that each answer is the one that docs/protocol.md says.

  npm run fuzz -- 60                                    for 60 seconds (default: 10)
  npm run fuzz -- --only payloads --seed=N --path=P     plays one failure again: payloads or streams

It exits with 0 when every answer was right, with 1 when one was not, and with 2 for arguments that it does not know.`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(args: string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      seed: { type: 'string' },
      path: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(HELP);
    return true;
  }
  const seconds = Number(positionals[0] ?? 10);
  const names = PROPERTIES.filter((name) => values.only === undefined || values.only === name);
  if (!(seconds > 0) || names.length === 0 || positionals.length > 1)
    throw new TypeError('unknown arguments');
  const target = await Target.start();
  const checks = await Checks.open(target);
  try {
    if (values.only === undefined) {
      await everyTruncation(checks);
      await everySplit(checks);
    }
    let well = true;
    for (const name of names) {
      const { runs, failure } = await generated(name, checks, {
        ms: (seconds * 1000) / names.length,
        ...(values.seed !== undefined && { seed: Number(values.seed) }),
        ...(values.path !== undefined && { path: values.path }),
      });
      say(failure === undefined ? `${name}: ${runs} runs, every answer was right` : `${name}: ${failure}`);
      well &&= failure === undefined;
    }
    return well;
  } finally {
    checks.close();
    await target.close();
  }
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}\n`);
  process.exitCode = 2;
}
