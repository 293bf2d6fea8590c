// The program behind `npm run soak`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cycle } from './cycle.js';
import { judge } from './judge.js';
import { plot } from './plot.js';

const HELP = `Uses a daemon for some time, and checks that it then holds no more than at the beginning.

  npm run soak -- 10                  for ten minutes (default: 1), with a plot in docs/soak.svg
  npm run soak -- 10 --out FILE.svg   with the plot elsewhere

It exits with 0 when everything has returned to its baseline, with 1 when something has not, and with 2 for arguments
that it does not know.`;

/** The largest number of measures that a run makes. A short run makes one each second, and at least four. */
const SAMPLES = 60;
/** The time, in ms, between the ends of lanes: after five in ten seconds, lanes are not replaced for a while. */
const BETWEEN_KILLS = 3000;

async function main(minutes, out) {
  const home = mkdtempSync(join(tmpdir(), 'bunctl-soak-'));
  const path = join(home, 's');
  const child = fork(fileURLToPath(new URL('daemon.js', import.meta.url)), [path], {
    execArgv: ['--expose-gc'],
  });
  const ended = once(child, 'exit');
  try {
    await next(child, ended);
    return report(await soak(child, ended, path, minutes), out);
  } finally {
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs cycles for this time; the measures. The first cycles warm the daemon up, and are not measured. */
async function soak(child, ended, path, minutes) {
  const samples = [];
  const totals = { cycles: 0, answered: 0, connected: 0 };
  const use = async (kill) => {
    const { answered, connected } = await cycle(path, kill);
    totals.cycles += 1;
    totals.answered += answered;
    totals.connected += connected;
  };
  for (let warm = 0; warm < 3; warm += 1) await use(warm === 0);
  const began = performance.now();
  const length = minutes * 60_000;
  const count = Math.min(SAMPLES, Math.max(4, Math.floor(length / 1000)));
  let lastKill = began;
  do {
    const until = began + (length * (samples.length + 1)) / count;
    do {
      const kill = performance.now() - lastKill > BETWEEN_KILLS;
      if (kill) lastKill = performance.now();
      await use(kill);
    } while (performance.now() < until);
    child.send(totals.connected);
    const measured = await next(child, ended);
    if (!measured.rest)
      throw new Error(`the daemon does not come to rest: ${JSON.stringify(measured.stats)}`);
    samples.push({ ...measured, time: (performance.now() - began) / 1000 });
  } while (performance.now() < began + length && samples.length < count);
  return { samples, ...totals };
}

/** The daemon's next message; throws when it ends instead. */
async function next(child, ended) {
  const message = once(child, 'message').then(([value]) => value);
  const early = ended.then(([code, signal]) => {
    throw new Error(`the daemon ended with ${code ?? signal}`);
  });
  early.catch(() => undefined);
  return Promise.race([message, early]);
}

function report({ samples, cycles, answered }, out) {
  const measures = judge(samples);
  const times = samples.map(({ time }) => time);
  const { connections, events, laneDeaths } = samples.at(-1).stats;
  const title = `${cycles} cycles, ${connections.accepted} connections, ${laneDeaths} lanes killed`;
  console.log(`${title}, ${answered} requests answered, ${events.routed} events`);
  for (const { title: name, unit, baseline, end, returned: back } of measures)
    console.log(
      `${back ? ' ' : '!'} ${name}: ${shown(baseline / unit)} at first, ${shown(end / unit)} at the end`,
    );
  const returned = measures.every((measure) => measure.returned);
  if (!returned) console.log(`Active at the end: ${samples.at(-1).resources}`);
  writeFileSync(out, plot(times, measures, title));
  console.log(`The plot is in ${out}`);
  return returned;
}

const shown = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const minutes = Number(positionals[0] ?? 1);
  if (!(minutes > 0) || positionals.length > 1) throw new TypeError('MINUTES must be one number above 0');
  const out = values.out ?? fileURLToPath(new URL('../docs/soak.svg', import.meta.url));
  if (values.help) console.log(HELP);
  else process.exitCode = (await main(minutes, out)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
