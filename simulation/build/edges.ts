// The edges of the daemon: what its built files get in place of threads, sockets, timers and the logger.
import fs from 'node:fs';
import type { Socket } from 'node:net';
import type { World } from '../virtual/world.js';
import { VirtualChannel, type VirtualPort } from '../virtual/port.js';
import { type ProcessHooks, type Program, VirtualProcess } from '../virtual/process.js';
import { type RunTask, VirtualThread } from '../virtual/thread.js';
import type { VirtualWorker } from '../virtual/worker.js';
import type { Immediate, Timer } from '../virtual/actor.js';
import type { Change } from './change.js';
import { quietLogger } from './quiet-logger.js';

/** What the daemon gives to its endpoint. */
export interface Endpoint {
  readonly onConnection: (socket: Socket) => void;
}

/** The stage on which the actors play: one world after the other. */
export interface Stage {
  readonly world: World;
  /** The entry of worker threads. */
  readonly runThread: RunTask;
  /** The program of child processes. */
  readonly startChild: Program;
  /** A thread or a process was started. */
  onWorker(worker: VirtualWorker): void;
  /** Writes what the current process claims. */
  writeClaim(actor: number, record: Uint8Array): void;
  /** Imports a module that an embedder would write. */
  importModule(url: string): Promise<{ readonly default: unknown }>;
  /** The endpoint. */
  claimEndpoint(path: string, endpoint: Endpoint): unknown;
}

/** Where the built files import the embedder's modules: they import virtual ones here. */
export const VIRTUAL_IMPORT: Change = {
  file: 'workers/run/load.js',
  text: 'await import(module)',
  replacement: 'await importVirtual(module)',
};

/** The globals that the built files see, by name. */
export function globalsOf(stage: Stage): Readonly<Record<string, unknown>> {
  const timer = (action: () => void, ms: number): Timer & { unref(): void } =>
    Object.assign(stage.world.current.after(stage.world.now + Math.max(1, ms), action), {
      unref: () => undefined,
    });
  const cancel = (item: Timer | Immediate | undefined): void => {
    item?.cancel();
  };
  return {
    setTimeout: timer,
    clearTimeout: cancel,
    setImmediate: (action: () => void) => stage.world.current.immediate(action),
    clearImmediate: cancel,
    process: Object.create(process, { hrtime: { value: () => [0, stage.world.now * 1e6] } }) as unknown,
    Atomics: sharedMemory(stage),
    importVirtual: (url: string) => stage.importModule(url),
    // Without its FinalizationRegistry: what the garbage collector does is not in the seed.
    globalThis: {},
  };
}

/** Atomics whose writes are operations of the current actor: a dead one writes nothing. */
function sharedMemory(stage: Stage): Readonly<Record<string, unknown>> {
  const write =
    (operation: (...args: never[]) => unknown, nothing: number) =>
    (...args: never[]): unknown =>
      stage.world.operation() ? operation(...args) : nothing;
  return {
    load: Atomics.load.bind(Atomics),
    store: write(Atomics.store.bind(Atomics), 0),
    add: write(Atomics.add.bind(Atomics), 0),
    exchange: write(Atomics.exchange.bind(Atomics), 0),
    // No word is negative, so this is never the expected one.
    compareExchange: write(Atomics.compareExchange.bind(Atomics), -1),
  };
}

/** The modules that are replaced: a built-in module, a package, or a built file, and its exports. */
export function modulesOf(stage: Stage): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return {
    'node:worker_threads': {
      MessageChannel: class extends VirtualChannel {
        constructor() {
          super(stage.world);
        }
      },
      // For syntax errors of modules, which no module here has.
      Worker: undefined,
      receiveMessageOnPort: (port: VirtualPort) => port.receive(),
    },
    'node:timers/promises': {
      setImmediate: () => new Promise<void>((resolve) => void stage.world.current.immediate(resolve)),
    },
    pino: {
      pino: Object.assign(quietLogger, {
        symbols: { streamSym: Symbol('stream') },
        stdSerializers: { err: (error: Error) => ({ message: error.message }) },
      }),
    },
    'workers/thread-tier/worker-thread.js': {
      WorkerThread: class extends VirtualThread {
        constructor(task: { readonly name: string }, transfer: readonly unknown[]) {
          super(stage.world, stage.runThread, task, transfer);
          stage.onWorker(this);
        }
      },
    },
    'workers/process-tier/worker-process.js': {
      WorkerProcess: class extends VirtualProcess {
        constructor(_file: URL, _options: unknown, _logFd: unknown, hooks: ProcessHooks) {
          super(stage.world, stage.startChild, hooks);
          stage.onWorker(this);
        }
      },
    },
    'node:fs': { ...fs, writeSync: (fd: number, bytes: Uint8Array) => stage.writeClaim(fd, bytes) },
    'workers/lanes/worker-file.js': { workerFile: () => new URL('virtual:worker') },
    'workers/thread-tier/output.js': {
      surviveBrokenOutput() {
        stage.world.listeners += 1;
        return () => (stage.world.listeners -= 1);
      },
    },
    'workers/thread/output.js': { redirectOutput: () => undefined },
    'endpoint/claim.js': {
      lastingPath: (path: string) => path,
      claimEndpoint: async (path: string, endpoint: Endpoint) => stage.claimEndpoint(path, endpoint),
    },
  };
}
