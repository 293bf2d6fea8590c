// The consumers' projects: copies of the fixtures in one temporary folder, with the package and the tools installed.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../package/pack.js';
import { TOOLS } from './cells.js';
import { execute } from './execute.js';

const INSTALL_BOUND = 300_000;
const NPM = ['install', '--no-audit', '--no-fund', '--prefer-offline'];
/** The repository's own tools that consumers import or run. */
const LINKED = ['typescript', 'tsx', 'esbuild', 'rolldown', 'vitest', '@types'];

const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`;

async function install(folder, what) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), json({ private: true }));
  const { code, output } = await execute('npm', [...NPM, what], folder, { bound: INSTALL_BOUND });
  return code === 0 ? undefined : `npm install ${what} failed: ${output.split('\n').slice(0, 3).join(' ')}`;
}

/** Installs the package where every project of npm's finds it, beside links to the repository's own tools. */
export async function installPackage(home, tarball) {
  const failed = await install(home, tarball);
  if (failed) throw new Error(failed);
  for (const name of LINKED)
    if (!existsSync(join(home, 'node_modules', name)))
      symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
}

/**
 * Installs tools and runtimes, each in a folder of its own.
 *
 * @returns For each the file to run, or why it is skipped.
 */
export async function installTools(home, wanted) {
  const tools = {};
  for (const tool of wanted) {
    const folder = join(home, 'tools', tool);
    const skipped = await install(folder, TOOLS[tool].package);
    const file = join(folder, 'node_modules', TOOLS[tool].file);
    tools[tool] = skipped ? { skipped } : { file };
  }
  return tools;
}

/**
 * @returns A function that makes a cell's project, once: its folder and the files that stand for names in its command,
 *   or why it is skipped or has failed.
 */
export function prepare(home, tarball, tools) {
  const projects = new Map();
  return (cell) => {
    if (!projects.has(cell)) projects.set(cell, make(home, tarball, tools, cell, projects.size));
    return projects.get(cell);
  };
}

async function make(home, tarball, tools, cell, number) {
  const top = join(home, `project-${number}`);
  const folder = join(top, 'consumer');
  const fixtures = join(import.meta.dirname, 'fixtures');
  cpSync(join(fixtures, cell.folder), folder, { recursive: true });
  cpSync(join(fixtures, 'scenario.mjs'), join(top, 'scenario.mjs'));
  for (const other of ['commonjs', 'runners'])
    if (cell.folder === other) cpSync(join(fixtures, 'esm', 'commands.js'), join(folder, 'commands.mjs'));
  writeFileSync(
    join(folder, 'package.json'),
    json({ private: true, type: cell.type, dependencies: { 'bunctl-ipc': `file:${tarball}` } }),
  );
  const tool = cell.tool === undefined ? undefined : tools[cell.tool];
  if (tool?.skipped) return { skipped: tool.skipped };
  const files = own(cell);
  if (cell.tool === 'jest') files.jest = tool.file;
  const steps = [...installSteps(cell.tool, tool, folder, home), ...(cell.build ?? [])];
  for (const [first, ...args] of steps) {
    const file = files[first] ?? first;
    const { code, output } = await execute(process.execPath, [file, ...args], folder, {
      bound: INSTALL_BOUND,
      env: await registry(),
    });
    if (code !== 0) return { failed: `${first} ${args.join(' ')}: ${output}` };
  }
  return { folder, files };
}

/** The files of the repository's own tools that a cell's commands name. */
function own(cell) {
  const names = [...(cell.build ?? []), cell.run].flat().filter((arg) => /^[\w-]+\/[\w./-]+$/.test(arg));
  const candidates = names.flatMap((name) => [
    [name, join(root, 'node_modules', name)],
    [name, join(root, name)],
  ]);
  return Object.fromEntries(candidates.filter(([, file]) => existsSync(file)));
}

function installSteps(tool, { file } = {}, folder, home) {
  if (tool === 'pnpm')
    return [
      [file, 'install', '--store-dir', join(home, 'pnpm-store'), '--config.confirm-modules-purge=false'],
    ];
  if (tool !== 'Yarn') return [];
  writeFileSync(join(folder, 'yarn.lock'), '');
  writeFileSync(
    join(folder, '.yarnrc.yml'),
    'nodeLinker: pnp\nenableGlobalCache: false\nenableTelemetry: false\nenableImmutableInstalls: false\npnpEnableEsmLoader: true\n',
  );
  return [[file, 'install']];
}

let settings;
/** The registry and certificates that npm uses, in the words of the other package managers. */
async function registry() {
  settings ??= (async () => {
    const get = async (name) => (await execute('npm', ['config', 'get', name], root)).output;
    const cafile = await get('cafile');
    return {
      YARN_NPM_REGISTRY_SERVER: (await get('registry')).replace(/\/$/, ''),
      ...(existsSync(cafile) ? { YARN_HTTPS_CA_FILE_PATH: cafile } : {}),
    };
  })();
  return settings;
}

export const versionOf = (name) =>
  JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;

export const toolVersion = ({ file }) => {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'package.json')))
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  return 'unknown';
};
