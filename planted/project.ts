// A copy of the project in a temporary folder, in which one fault at a time is planted.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { changed } from '../simulation/build/change.js';
import type { Fault } from './fault.js';
import { ROOT } from './tables.js';

const LEFT_OUT = new Set(['node_modules', '.git']);

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'planted-'));
  #restore = (): void => undefined;

  constructor() {
    cpSync(ROOT, this.folder, { recursive: true, filter: (from) => !LEFT_OUT.has(relative(ROOT, from)) });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /**
   * Plants a fault in place of the one before, and makes the bundles again.
   *
   * @throws {Error} when its text is not in the file exactly once, or the bundles cannot be made.
   */
  plant(fault: Fault): void {
    this.#restore();
    const path = join(this.folder, 'dist', fault.file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, changed(before, fault));
    this.#restore = () => {
      writeFileSync(path, before);
      this.#restore = () => undefined;
    };
    const rolldown = join('node_modules', 'rolldown', 'bin', 'cli.mjs');
    const options = { cwd: this.folder, encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync(process.execPath, [rolldown, '-c', '--logLevel', 'silent'], options);
    if (status !== 0) throw new Error(`the bundles cannot be made: ${stderr.trim()}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
