// The bench: npm run bench [-- --json] [-- --quick] [-- QUESTION…]. Each row is a ratio to a peer measured in the same run.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createBench } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } },
});
const all = readdirSync(new URL('questions/', import.meta.url)).map((file) => file.replace(/\.js$/, ''));
const unknown = positionals.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`Unknown question "${unknown}". The questions are: ${all.join(', ')}.`);
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), 'bunctl-bench-'));
const bench = createBench({ home, quick: values.quick === true });
try {
  for (const name of positionals.length > 0 ? positionals : all) {
    const { default: ask } = await import(`./questions/${name}.js`);
    await ask(bench);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
if (values.json) {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
  };
  const { rounds, seconds, rows, notes } = bench;
  console.log(JSON.stringify({ machine: { ...machine, rounds, seconds }, notes, rows }, null, 2));
}
