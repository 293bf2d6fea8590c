// The steps of a run: for which clients each may be taken, and what it does to the real world.
import fc from 'fast-check';
import type { World } from './world.js';

/** How a client must be so that a step can be taken. */
type Needs = 'absent' | 'present' | 'reading' | 'stopped' | 'subscribed';

/** A step as it is generated; which client it means follows from the clients that are there when it is taken. */
export interface Step {
  readonly what: string;
  readonly needs: Needs | undefined;
  readonly pick: number;
  readonly real: (world: World, id: number) => unknown;
}

/** What is known of the clients of a run. */
interface Known {
  reading: boolean;
  subscribed: boolean;
}

const CLIENTS = [1, 2, 3, 4];

/** Takes the steps that can be taken, one after the other. A failure says which were taken. */
export async function take(steps: readonly Step[], world: World): Promise<string[]> {
  const clients = new Map<number, Known>();
  const taken: string[] = [];
  let kills = 0;
  for (const step of steps) {
    const able = CLIENTS.filter((id) => allows(step.needs, clients.get(id)));
    const id = able[step.pick % Math.max(1, able.length)];
    if (id === undefined || (step.what === 'killLane' && (kills += 1) > 1)) continue;
    taken.push(step.needs === undefined ? step.what : `client ${id}: ${step.what}`);
    await told(taken, async () => {
      await step.real(world, id);
      world.check();
    });
    note(clients, step.what, id);
  }
  await told(taken, () => world.settle());
  return taken;
}

async function told(taken: readonly string[], act: () => Promise<void>): Promise<void> {
  await act().catch((error: unknown) => {
    throw new Error(`${(error as Error).message}, after\n  ${taken.join('\n  ')}`, { cause: error });
  });
}

function allows(needs: Needs | undefined, known: Known | undefined): boolean {
  if (needs === undefined) return true;
  if (needs === 'absent' || known === undefined) return needs === 'absent' && known === undefined;
  if (needs === 'present') return true;
  if (needs === 'subscribed') return known.subscribed && known.reading;
  return known.reading === (needs === 'reading');
}

function note(clients: Map<number, Known>, what: string, id: number): void {
  const known = clients.get(id);
  if (what === 'connect') clients.set(id, { reading: true, subscribed: false });
  else if (what === 'halfClose' || what === 'vanish') clients.delete(id);
  else if (known && what === 'stopReading') known.reading = false;
  else if (known && what === 'resume') known.reading = true;
  else if (known && what.startsWith('subscribe')) known.subscribed = true;
  else if (known && what === 'unsubscribe') known.subscribed = false;
}

const pick = fc.nat(11);
const app = fc.constantFrom('a', 'b');
const bytes = fc.constantFrom(0, 100, 8000, 8000);

const step = (what: string, needs: Needs | undefined, real: Step['real']): fc.Arbitrary<Step> =>
  pick.map((chosen) => ({ what, needs, pick: chosen, real }));

const WEIGHTS: [number, fc.Arbitrary<Step>][] = [
  [6, step('connect', 'absent', (world, id) => world.connect(id))],
  [
    6,
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), bytes)
      .chain(([count, size]) =>
        step(`pipeline ${count} of ${size} bytes`, 'present', (world, id) => world.pipeline(id, count, size)),
      ),
  ],
  [2, step('nonsense', 'present', (world, id) => world.nonsense(id))],
  [
    6,
    fc
      .option(app)
      .chain((name) =>
        step(`subscribe to ${name ?? 'all'}`, 'reading', (world, id) => world.subscribe(id, name)),
      ),
  ],
  [3, step('unsubscribe', 'subscribed', (world, id) => world.unsubscribe(id))],
  [
    8,
    fc
      .tuple(app, fc.integer({ min: 1, max: 60 }), bytes)
      .chain(([name, count, size]) =>
        step(`publish ${count} of ${size} bytes to ${name}`, undefined, (world) =>
          world.publish(name, count, size),
        ),
      ),
  ],
  [4, step('stopReading', 'reading', (world, id) => world.stopReading(id))],
  [3, step('resume', 'stopped', (world, id) => world.resume(id))],
  [1, step('killLane', undefined, (world) => world.killLane())],
  [1, step('halfClose', 'present', (world, id) => world.halfClose(id))],
  [1, step('vanish', 'present', (world, id) => world.vanish(id))],
];

/** Sequences of steps. */
export const sequences = fc.array(
  fc.oneof(...WEIGHTS.map(([weight, arbitrary]) => ({ weight, arbitrary }))),
  {
    minLength: 20,
    maxLength: 60,
    size: 'max',
  },
);
