// The modules that are mutated, and the tests that run their code in the test's own process: only there is a mutant switched on.

/** @type {Record<string, { readonly sources: readonly string[], readonly tests: readonly string[] }>} */
export const MODULES = {
  frames: {
    sources: ['src/protocol/frames.ts'],
    tests: ['test/protocol/frames.test.ts'],
  },
  pipeline: {
    sources: ['src/acceptor/pipeline.ts', 'src/acceptor/lane-window.ts'],
    tests: ['test/acceptor/{pipeline,lane-window}.test.ts'],
  },
  claims: {
    sources: ['src/workers/link/claims.ts', 'src/workers/link/claim-records.ts'],
    tests: ['test/workers/link/{claims,claim-records}.test.ts'],
  },
  credit: {
    sources: [
      'src/workers/run/publisher.ts',
      'src/workers/lanes/credit-back.ts',
      'src/workers/lanes/main-publisher.ts',
    ],
    tests: ['test/workers/run/publisher.test.ts', 'test/workers/lanes/{credit-back,main-publisher}.test.ts'],
  },
  drops: {
    sources: ['src/writer/event-queue.ts', 'src/writer/flow.ts', 'src/writer/subscriber.ts'],
    tests: ['test/writer/{event-queue,flow,subscriber}.test.ts'],
  },
  lanes: {
    sources: [
      'src/workers/lanes/worker-lane.ts',
      'src/workers/lanes/slots.ts',
      'src/workers/lanes/watchdog.ts',
    ],
    tests: ['test/workers/lanes/{worker-lane,slots,watchdog}.test.ts'],
  },
  machine: {
    sources: ['src/supervisor/decide/app/{machine,backoff}.ts'],
    tests: ['test/supervisor/decide/app/machine.test.ts'],
  },
  app: {
    sources: ['src/supervisor/decide/{app/app,app/timers,use/memory-watch}.ts'],
    tests: ['test/supervisor/decide/app/{app,timers}.test.ts'],
  },
};
