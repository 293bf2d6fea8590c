// The results as a table in Markdown, and its place in docs/platforms.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/pack.js';
import { toolVersion, versionOf } from './projects.js';

const DOCUMENT = join(root, 'docs', 'platforms.md');
const [BEGIN, END] = ['<!-- consumers: begin -->', '<!-- consumers: end -->'];
/** A result in a cell: one that is not good says why, in one line. */
const word = ({ outcome, why = '' }) => {
  if (outcome === 'works') return 'works';
  const line = why.split('\n').find((text) => /error|refused|does not|failed/i.test(text)) ?? '';
  return `${outcome === 'failed' ? 'fails' : 'not run'}: ${line.trim().replaceAll('|', '\\|').slice(0, 200)}`;
};
const row = (cells) => `| ${cells.join(' | ')} |`;

export function table({ nodes, rows, others, tools }) {
  const ran = nodes.filter(({ version }) => version);
  const own = ['typescript', 'tsx', 'esbuild', 'rolldown', 'vitest'].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  const installed = Object.entries(tools)
    .filter(([name, tool]) => tool.file && !/^(Node|Bun|Deno)/.test(name))
    .map(([name, tool]) => `${name} ${toolVersion(tool)}`);
  return [
    row(['consumer', ...nodes.map(({ version }) => (version ? `Node ${version}` : 'Node (not installed)'))]),
    row(['---', ...nodes.map(() => '---')]),
    ...rows.map(({ name, results }) => row([name, ...results.map(word)])),
    '',
    row(['other runtime', 'version', 'result']),
    row(['---', '---', '---']),
    ...others.map(({ name, version, results: [one] }) => row([name, version ?? '', word(one)])),
    '',
    `With ${[...own, ...installed].join(', ')}, on ${process.platform} ${process.arch}; ${ran.length} versions of Node.`,
  ].join('\n');
}

/** Puts the table between its marks. */
export function writeTable(report) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${DOCUMENT} has no marks ${BEGIN} and ${END}`);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${report}\n\n${END}${after}`);
}
