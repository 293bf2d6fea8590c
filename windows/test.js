// npm run test:windows: runs the tests with Node for Windows. Arguments are passed on to vitest.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, takeOption, Unavailable, windowsNode, windowsPath, WORK } from './wine.js';
import { LEFT_OUT } from './limits.js';

const TREE = join(WORK, 'tree');
const REPORT = join(WORK, 'report.json');
const OUTPUT = join(WORK, 'output.txt');
/** The longest, in ms, that the tests may take. */
const PATIENCE = 3_600_000;

/** A copy of the project, with the packages that Windows needs: they differ in their native parts. */
function copyProject() {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: PROJECT,
    maxBuffer: 100 * 1024 * 1024,
  });
  for (const part of ['dist', 'test']) rmSync(join(TREE, part), { recursive: true, force: true });
  mkdirSync(TREE, { recursive: true });
  for (const file of files.toString().split('\0').filter(Boolean))
    if (existsSync(join(PROJECT, file))) cpSync(join(PROJECT, file), join(TREE, file));
  cpSync(join(PROJECT, 'dist'), join(TREE, 'dist'), { recursive: true });
  installPackages(
    createHash('sha256')
      .update(readFileSync(join(PROJECT, 'package-lock.json')))
      .digest('hex'),
  );
}

function installPackages(lock) {
  const installed = join(TREE, 'node_modules', '.installed');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', ['ci', ...options, '--os=win32', '--cpu=x64'], { cwd: TREE, stdio: 'inherit' });
  writeFileSync(installed, lock);
}

/** One row for each folder of test/, and one for all. */
function table({ testResults }) {
  const rows = new Map();
  const add = (folder, status) => {
    const row = rows.get(folder) ?? { passed: 0, failed: 0, skipped: 0 };
    rows.set(folder, row);
    row[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
  };
  for (const { name, assertionResults } of testResults)
    for (const { status } of assertionResults)
      for (const folder of [/[\\/]test[\\/]([^\\/]+)/.exec(name)?.[1] ?? name, 'all']) add(folder, status);
  const all = rows.get('all');
  rows.delete('all');
  rows.set('all', all);
  return rows;
}

function show(report) {
  for (const { name, message, assertionResults } of report.testResults) {
    if (message && assertionResults.length === 0) console.log(`FAIL ${name}\n${message}`);
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status === 'failed') console.log(`FAIL ${name}: ${fullName}\n${failureMessages.join('\n')}\n`);
  }
  console.table(Object.fromEntries(table(report)));
}

async function main(args) {
  const wine = Number(takeOption(args, '--wine')) || undefined;
  const windows = await windowsNode({ wine, node: takeOption(args, '--node') });
  console.log(`${windows}; what it prints is in ${OUTPUT}`);
  copyProject();
  rmSync(REPORT, { force: true });
  const vitest = windowsPath(join(TREE, 'node_modules', 'vitest', 'vitest.mjs'));
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${windowsPath(REPORT)}`];
  // Each call of the system is a message to Wine's server.
  const patient = ['--test-timeout=300000', '--hook-timeout=300000', '--maxWorkers=2'];
  const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  try {
    const { code, stderr } = await windows.run(
      [vitest, 'run', ...reporters, ...patient, ...leftOut, ...args],
      {
        cwd: TREE,
        patience: PATIENCE,
        output: OUTPUT,
      },
    );
    if (!existsSync(REPORT))
      throw new Error(`vitest ended with ${code} and no report: ${stderr.slice(-2000)}`);
    show(JSON.parse(readFileSync(REPORT, 'utf8')));
    process.exitCode = code ?? 1;
  } finally {
    await windows.end();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Unavailable ? `The tests cannot run: ${error.message}.` : error);
  process.exitCode = 1;
});
