// Imports run downwards only, folder by folder: each rule lists what a folder may import besides itself.
const rooms = {
  protocol: [],
  endpoint: ['protocol', 'timeout', 'clock'],
  writer: ['protocol', 'clock', 'queue', 'ports'],
  broker: ['protocol', 'writer', 'clock', 'queue', 'ports'],
  acceptor: ['protocol', 'clock', 'queue', 'ports', 'timeout', 'every-step'],
  workers: ['protocol', 'clock', 'queue', 'ports', 'define', 'commands', 'timeout', 'abort', 'every-step'],
  client: ['protocol', 'endpoint/default-path', 'clock', 'timeout', 'abort', 'queue', 'option-names'],
  transport: ['protocol', 'endpoint', 'writer', 'clock', 'queue', 'timeout', 'every-step', 'option-names'],
  supervisor: [
    'protocol',
    'endpoint',
    'client',
    'daemon',
    'define',
    'clock',
    'queue',
    'timeout',
    'abort',
    'version',
    'workers/define',
  ],
  cli: ['protocol', 'endpoint', 'client', 'version', 'timeout', 'nearest', 'supervisor'],
};

const allowed = (name, list) => [`^src/${name}/`, ...list.map((target) => `^src/${target}(/|\\.ts$)`)];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-is-pure',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { pathNot: ['^src/protocol/', 'node_modules/zod', '^(node:)?buffer$'] },
    },
    ...Object.entries(rooms).map(([name, list]) => ({
      name: `${name}-imports-only-what-is-below`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: '^src/', pathNot: allowed(name, list) },
    })),
    ...[
      ['src/workers/lanes', 'src/workers/(thread-tier|process-tier|thread|process)/'],
      ['src/workers/(thread|process)-tier/', 'src/workers/(thread|process)/'],
      ['src/workers/(thread|process)/', 'src/workers/(lanes|thread-tier|process-tier)/'],
      ['src/workers/link', 'src/workers/(lanes|thread-tier|process-tier|thread|process|run)/'],
      ['src/workers/run', 'src/workers/(lanes|thread-tier|process-tier|thread|process)/'],
      ['src/supervisor/host', 'src/supervisor/decide'],
      ['src/supervisor/decide', 'src/supervisor/host'],
      ['src/supervisor/(model|system|state|logs)', 'src/supervisor/(host|decide)/'],
      ['src/cli/(?!commands/daemon)', 'src/supervisor/(?!model|state|system|logs)'],
    ].map(([from, to]) => ({
      name: `${from} never imports ${to}`.replaceAll('src/', ''),
      severity: 'error',
      from: { path: `^${from}` },
      to: { path: `^${to}` },
    })),
    {
      name: 'nothing-imports-the-daemon-but-the-process-manager-and-the-public-face',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/index\\.ts$', '^src/supervisor/run-daemon\\.ts$'] },
      to: { path: '^src/daemon\\.ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
