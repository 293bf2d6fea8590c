// The public face: each entry point exports exactly the names that docs/api.md describes, values and types.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const ENTRIES = [
  ['bunctl-ipc', 'index'],
  ['bunctl-ipc/commands', 'define'],
  ['bunctl-ipc/client', 'client/index'],
  ['bunctl-ipc/protocol', 'protocol/index'],
] as const;

/** The names that the documentation gives an entry point: in headings, and in the list "Also here". */
function documented(entry: string): string[] {
  const docs = readFileSync(join(ROOT, 'docs', 'api.md'), 'utf8');
  const [, section = ''] = docs.split(`\n## \`${entry}\`\n`);
  const [own = ''] = section.split('\n## ');
  const headings = own.split('\n').filter((line) => line.startsWith('### '));
  const [, also = ''] = /^Also here: ((?:.+\n)+)/m.exec(own) ?? [];
  const names = [...`${headings.join('\n')}\n${also}`.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
  return [...new Set(names)].sort();
}

/** The names that its declarations export, and which of them are values. */
function declared(): Map<string, { all: string[]; values: string[] }> {
  const files = ENTRIES.map(([, file]) => join(ROOT, 'dist', `${file}.d.ts`));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  return new Map(
    ENTRIES.map(([entry], index) => {
      const source = program.getSourceFile(files[index] as string) as ts.SourceFile;
      const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source) as ts.Symbol);
      const isValue = (symbol: ts.Symbol): boolean => {
        const alias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
        const target = alias ? checker.getAliasedSymbol(symbol) : symbol;
        const typeOnly = symbol.declarations?.some(
          (node) => ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly),
        );
        return typeOnly !== true && (target.flags & ts.SymbolFlags.Value) !== 0;
      };
      return [
        entry,
        {
          all: symbols.map(({ name }) => name).sort(),
          values: symbols
            .filter(isValue)
            .map(({ name }) => name)
            .sort(),
        },
      ];
    }),
  );
}

describe('exports', () => {
  const types = declared();

  test.each(ENTRIES)('%s: what is exported is what docs/api.md describes', async (entry, file) => {
    const found = types.get(entry);
    expect(found?.all).toEqual(documented(entry));
    const url = new URL(`../../dist/${file}.js`, import.meta.url).href;
    const module = (await import(/* @vite-ignore */ url)) as object;
    expect(Object.keys(module).sort()).toEqual(found?.values);
  });

  test.each(ENTRIES)('%s: the values that it exports', (entry) => {
    expect(types.get(entry)?.values).toMatchSnapshot();
  });
});
