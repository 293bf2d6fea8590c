// Imports run downwards only; see docs/architecture.md for the rooms.
const room = (name) => `^src/${name}/`;
const forbid = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to: { path: to } });

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'protocol-is-pure',
      severity: 'error',
      from: { path: room('protocol') },
      to: { pathNot: ['^src/protocol/', 'node_modules/zod', '^(node:)?buffer$'] },
    },
    forbid(
      'acceptor-knows-no-rooms',
      room('acceptor'),
      '^src/(workers/|broker/|client/|supervisor/|cli/|daemon\\.)',
    ),
    forbid(
      'workers-know-no-rooms',
      room('workers'),
      '^src/(acceptor/|broker/|client/|supervisor/|cli/|daemon\\.)',
    ),
    forbid(
      'broker-knows-no-rooms',
      room('broker'),
      '^src/(acceptor/|workers/|client/|supervisor/|cli/|daemon\\.)',
    ),
    forbid(
      'client-knows-no-server',
      room('client'),
      '^src/(acceptor/|workers/|broker/|supervisor/|cli/|daemon\\.|index\\.)',
    ),
    forbid(
      'transport-knows-no-daemon',
      room('transport'),
      '^src/(workers/|client/|supervisor/|cli/|daemon\\.)',
    ),
    forbid('daemon-is-below-the-process-manager', '^src/daemon', '^src/(supervisor/|cli/)'),
    forbid(
      'client-commands-load-no-server',
      '^src/cli/(?!commands/daemon)',
      '^src/(daemon\\.|acceptor/|workers/|broker/|transport/|supervisor/(?!paths|tail|app-id|processes|store|left-behind))',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
