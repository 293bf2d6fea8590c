// Runs the packed package in every kind of project that may use it. npm run test:consumers
// Options: --quick (what CI runs: this Node, and the repository's own tools), --write (the table in docs/platforms.md),
// --only TEXT (consumers whose name holds it), --keep (the folder stays).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../package/pack.js';
import { CELLS, NODES, OTHERS, TOOLS } from './cells.js';
import { installPackage, installTools, prepare } from './projects.js';
import { endAll, execute } from './execute.js';
import { table, writeTable } from './table.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const chosen = (cells) =>
  cells.filter(({ name, quick }) => name.includes(options.only) && (quick || !options.quick));

const home = mkdtempSync(join(tmpdir(), 'bunctl-consumers-'));

/** Runs a cell on a runtime and says what came of it. */
async function result(cell, runtime, projects) {
  if (runtime.skipped) return { outcome: 'skipped', why: runtime.skipped };
  if (cell.strips && !runtime.strips) return { outcome: 'skipped', why: 'this Node does not strip types' };
  const project = await projects(cell);
  if (project.skipped) return { outcome: 'skipped', why: project.skipped };
  if (project.failed) return { outcome: 'failed', why: project.failed };
  const args = cell.run.map((arg) => project.files[arg] ?? arg);
  const { code, output } = await execute(runtime.file, args, project.folder);
  if (code === 0 && cell.prints.test(output)) return { outcome: 'works' };
  return { outcome: 'failed', why: output, code };
}

async function versionOf(file) {
  const { output } = await execute(file, ['--version'], home);
  return /\d+\.\d+\.\d+/.exec(output)?.[0] ?? 'unknown';
}

/** The versions of Node that were installed, with what each can do. */
async function describe(nodes) {
  for (const node of nodes) {
    if (node.skipped) continue;
    node.version = await versionOf(node.file);
    const [major, minor] = node.version.split('.').map(Number);
    node.strips = major > 22 || (major === 22 && minor >= 18);
  }
}

async function onEachNode(cells, nodes, projects) {
  const rows = [];
  for (const cell of cells) {
    const results = [];
    for (const node of nodes) results.push(await result(cell, node, projects));
    rows.push({ name: cell.name, results });
    console.log(`${results.map(({ outcome }) => outcome).join(', ')}: ${cell.name}`);
  }
  return rows;
}

async function onOtherRuntimes(cells, tools, projects) {
  const rows = [];
  for (const cell of cells) {
    const runtime = tools[cell.tool];
    if (!runtime.skipped) runtime.version ??= await versionOf(runtime.file);
    const one = await result(cell, runtime, projects);
    rows.push({ name: cell.name, version: runtime.version, results: [one] });
    console.log(`${one.outcome}: ${cell.name}, ${runtime.version ?? 'not installed'}`);
  }
  return rows;
}

/** Prints why a consumer failed or was skipped, once for each reason, and the counts. */
function tell(rows) {
  const all = rows.flatMap(({ name, results }) => results.map((one) => ({ ...one, name })));
  const bad = all.filter(({ outcome }) => outcome !== 'works');
  for (const text of new Set(bad.map(({ outcome, name, why }) => `${outcome}: ${name}\n${why}`)))
    console.log(`\n${text}`);
  const count = (wanted) => all.filter(({ outcome }) => outcome === wanted).length;
  console.log(
    `\n${count('works')} consumers work, ${count('failed')} fail, ${count('skipped')} are skipped.`,
  );
  process.exitCode = count('failed') > 0 ? 1 : 0;
}

function clean() {
  if (options.keep) console.log(`The folder is ${home}`);
  else rmSync(home, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    endAll();
    clean();
    process.exit(1);
  });

try {
  const cells = chosen(CELLS);
  const others = chosen(OTHERS);
  const needed = new Set([...cells, ...others].map(({ tool }) => tool));
  const wanted = Object.keys(TOOLS).filter(
    (tool) => !options.quick && (tool.startsWith('Node ') || needed.has(tool)),
  );
  const { tarball } = pack(home);
  await installPackage(home, tarball);
  const tools = await installTools(home, wanted);
  const nodes = [
    { file: process.execPath },
    ...(options.quick ? [] : NODES.map((major) => tools[`Node ${major}`])),
  ];
  await describe(nodes);
  const projects = prepare(home, tarball, tools);
  const rows = await onEachNode(cells, nodes, projects);
  const otherRows = await onOtherRuntimes(others, tools, projects);
  if (options.write) writeTable(table({ nodes, rows, others: otherRows, tools }));
  tell([...rows, ...otherRows]);
} finally {
  endAll();
  clean();
}
