// The table in docs/isolation.md, cell by cell: a daemon in a process of its own, a handler that does its worst, a witness.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { act, endpointIn, fixture, temporaryDirectory } from '../support/daemon.js';
import { hasFifos, signalsAreMessages } from '../support/platform.js';
import { RawClient } from '../support/raw-client.js';

type Tier = 'thread' | 'process' | 'none';
type Outcome = 'contained' | 'ends the daemon' | 'stops the daemon' | 'not bounded' | 'its thread stays';

const LIST = { Data: { data: ['a', 'b'] } };
const DOCS = readFileSync(new URL('../../docs/isolation.md', import.meta.url), 'utf8');

/** By the row in the docs: the request, and what each tier makes of it. */
const TABLE: Record<
  string,
  { request: (directory: string, tier: Tier) => object; outcomes: Record<Tier, Outcome> }
> = {
  'throws, rejects, answers nonsense': {
    request: () => act('reject', { text: 'refused' }),
    outcomes: { thread: 'contained', process: 'contained', none: 'contained' },
  },
  'throws outside of any promise': {
    request: () => act('crash'),
    outcomes: { thread: 'contained', process: 'contained', none: 'ends the daemon' },
  },
  'calls `process.exit()`': {
    request: () => act('exit'),
    outcomes: { thread: 'contained', process: 'contained', none: 'ends the daemon' },
  },
  'loops for ever': {
    request: (directory) => act('waitFor', { file: join(directory, 'never') }),
    outcomes: { thread: 'contained', process: 'contained', none: 'stops the daemon' },
  },
  'fills the heap with objects': {
    request: () => act('hoard', { megabytes: 100_000 }),
    outcomes: { thread: 'contained', process: 'contained', none: 'ends the daemon' },
  },
  'fills memory with Buffers': {
    // Where nobody stops it: more than the heap may hold. Nowhere more than a machine has, should the bound fail.
    request: (_directory, tier) => act('buffers', { megabytes: tier === 'process' ? 3000 : 200 }),
    outcomes: { thread: 'not bounded', process: 'contained', none: 'not bounded' },
  },
  'lets one array grow without end': {
    request: () => act('array'),
    outcomes: { thread: 'ends the daemon', process: 'contained', none: 'ends the daemon' },
  },
  'blocks in a system call': {
    request: (directory) => act('fifo', { file: join(directory, 'fifo') }),
    outcomes: { thread: 'its thread stays', process: 'contained', none: 'stops the daemon' },
  },
  'crashes in native code': {
    request: () => act('signal', { to: 'self', name: 'SIGSEGV' }),
    outcomes: { thread: 'ends the daemon', process: 'contained', none: 'ends the daemon' },
  },
};

const workersOf = (isolation: Tier, unresponsiveAfter: number, heap: number) => ({
  isolation,
  unresponsiveAfter,
  minThreads: 1,
  maxThreads: 1,
  resourceLimits: { maxOldGenerationSizeMb: heap },
  maxMemory: 170 * 1024 ** 2,
});

async function daemonWith(isolation: Tier, unresponsiveAfter = 60_000, heap = 32) {
  const directory = temporaryDirectory();
  if (hasFifos) execFileSync('mkfifo', [join(directory, 'fifo')]);
  const socket = endpointIn(directory);
  const options = JSON.stringify({ workers: workersOf(isolation, unresponsiveAfter, heap) });
  // The main thread's heap has the same limit as a lane's.
  const daemon = spawn(
    process.execPath,
    [`--max-old-space-size=${heap}`, fileURLToPath(fixture('daemon.js')), socket, '', options],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = once(daemon, 'exit');
  onTestFinished(async () => {
    daemon.kill('SIGKILL');
    await ended;
  });
  await once(daemon.stdout, 'data');
  return { tier: isolation, directory, socket, daemon, ended, witness: await RawClient.connect(socket) };
}

type Running = Awaited<ReturnType<typeof daemonWith>>;

/** Its caller is told, and everybody is served. */
async function contained({ tier, directory, socket, witness }: Running, what: string): Promise<void> {
  const client = await RawClient.connect(socket);
  client.send(request(what, directory, tier), 'List');
  expect(await client.take(2)).toEqual([{ Error: expect.any(Object) as object }, LIST]);
  expect(await witness.request('List')).toEqual(LIST);
}

const WORSE: Record<Exclude<Outcome, 'contained'>, (running: Running, what: string) => Promise<void>> = {
  async 'ends the daemon'({ tier, directory, ended, socket }, what) {
    (await RawClient.connect(socket)).send(request(what, directory, tier));
    await ended;
  },
  async 'not bounded'({ tier, directory, socket }, what) {
    const client = await RawClient.connect(socket);
    expect(await client.request(request(what, directory, tier))).toHaveProperty('Success');
  },
  /** The handler ends when it is let go: until then nobody is answered. */
  async 'stops the daemon'({ tier, directory, socket, witness }, what) {
    (await RawClient.connect(socket)).send(request(what, directory, tier));
    // The first ones may be answered before the handler begins.
    let asked = 0;
    for (let answered = 0; asked === answered && asked < 100; answered = witness.waiting) {
      witness.send('List');
      asked += 1;
      await sleep(200);
    }
    expect(witness.waiting).toBe(asked - 1);
    writeFileSync(join(directory, what === 'blocks in a system call' ? 'fifo' : 'never'), '');
    expect(await witness.take(asked)).toEqual(Array(asked).fill(LIST));
  },
  /** The daemon has closed, and its process is still there. */
  async 'its thread stays'(running, what) {
    await contained(running, what);
    running.daemon.stdin.end();
    await running.witness.rest();
    await sleep(300);
    expect(running.daemon.exitCode).toBeNull();
    writeFileSync(join(running.directory, 'fifo'), '');
    await running.ended;
  },
};

const request = (what: string, directory: string, tier: Tier): object =>
  (TABLE[what] as (typeof TABLE)[string]).request(directory, tier);

/** Rows in which a lane is killed because its loop does not turn. */
const SILENT = ['loops for ever', 'blocks in a system call'];

describe.skipIf(!hasFifos).each(['thread', 'process', 'none'] as const)('in the tier %s', (tier) => {
  const rows = Object.entries(TABLE).map(([what, { outcomes }]) => [what, outcomes[tier]] as const);
  const kept = rows.filter(([, outcome]) => outcome === 'contained').map(([what]) => what);

  test(`a handler is contained that ${kept.join(', ')}`, async () => {
    const loud = kept.filter((row) => !SILENT.includes(row));
    // After five deaths in ten seconds a daemon starts no lane for a while.
    for (let at = 0; at < loud.length; at += 4) {
      const running = await daemonWith(tier);
      for (const what of loud.slice(at, at + 4)) await contained(running, what);
    }
    const silent = kept.filter((row) => SILENT.includes(row));
    if (silent.length === 0) return;
    const watched = await daemonWith(tier, 1000);
    for (const what of silent) await contained(watched, what);
  });

  test.each(rows.filter(([, outcome]) => outcome !== 'contained'))(
    'a handler that %s: %s',
    async (what, outcome) => {
      // With a smaller heap, V8 ends the thread before the array has grown so far that V8 ends the process.
      const running = await daemonWith(tier, outcome === 'its thread stays' ? 1000 : 60_000, 64);
      await WORSE[outcome as keyof typeof WORSE](running, what);
    },
  );

  test('is described so in docs/isolation.md', () => {
    const column = { thread: 2, process: 3, none: 4 }[tier];
    const cells = rows.map(([what]) => {
      const row = DOCS.split('\n').find((line) => line.startsWith(`| ${what} |`));
      return row?.split('|')[column]?.replaceAll('**', '').trim();
    });
    for (const [n, [, outcome]] of rows.entries()) expect(cells[n]).toContain(outcome);
  });
});

test('hostile code is not contained by any tier: it runs as the daemon’s user', async () => {
  const { socket, ended } = await daemonWith('process');
  (await RawClient.connect(socket)).send(act('signal', { to: 'parent', name: 'SIGKILL' }));
  expect(await ended).toEqual(signalsAreMessages ? [null, 'SIGKILL'] : [1, null]);
});
