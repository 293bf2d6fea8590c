// Several steps that belong together, because chance alone would rarely bring them together.
import type { Random } from '../random.js';
import type { Behaviour, EventKind, Settings, Step } from './plan.js';

/** The steps of a story that fits the theme; undefined for most calls. */
export function storyOf(
  random: Random,
  theme: string,
  settings: Settings,
  clients: number,
  at: number,
): Step[] | undefined {
  if (!random.chance(18)) return undefined;
  const client = random.below(clients);
  const lanes = theme === 'lanes' || theme === 'everything';
  const events = theme === 'events' || theme === 'everything';
  if (events && (!lanes || random.chance(50))) return slowReader(random, settings, client, clients, at);
  if (!lanes) return undefined;
  return random.pick([lateLane, lateLane, lateLane, manyDeaths, stuckLanes])(random, client, at, settings);
}

/** A lane that stops after it has begun a command, is given up on, and then goes on; perhaps main is late at that moment. */
function lateLane(random: Random, client: number, at: number, settings: Settings): Step[] {
  const first = random.pick<Behaviour>([
    { does: 'hang' },
    { does: 'later', ms: random.below(2 * settings.commandTimeout) },
  ]);
  const stops = at + random.between(1, 20);
  const ms = settings.commandTimeout + random.between(50, 250);
  const lane = random.below(2);
  return [
    request(random, client, at, first),
    ...requests(random, client, at),
    { at: stops, step: 'freezeLane', lane, ms, stuck: false },
    ...(random.chance(60) ? [lateMain(random, stops + ms)] : []),
  ];
}

function lateMain(random: Random, at: number): Step {
  return { at: at - random.below(20), step: 'freezeMain', ms: random.between(30, 150) };
}

/** Lanes that die more often than they may be replaced. */
function manyDeaths(random: Random, client: number, at: number): Step[] {
  return Array.from({ length: random.between(4, 9) }, (_, number): Step[] => {
    const then = at + number * random.between(5, 60);
    return [{ at: then, step: 'killLane', lane: random.below(3) }, ...requests(random, client, then)];
  }).flat();
}

/** Lanes that cannot even be ended, one after the other. */
function stuckLanes(random: Random, client: number, at: number, settings: Settings): Step[] {
  return Array.from({ length: random.between(2, 7) }, (_, number): Step[] => {
    const then = at + number * random.between(50, settings.unresponsiveAfter + 200);
    return [
      ...requests(random, client, then),
      { at: then + 1, step: 'freezeLane', lane: 0, ms: random.between(1000, 20_000), stuck: true },
    ];
  }).flat();
}

/** A subscriber that does not read while much is published, beside one that does. */
function slowReader(random: Random, settings: Settings, client: number, clients: number, at: number): Step[] {
  const subscribe = (who: number): Step => ({
    at,
    step: 'subscribe',
    client: who,
    kind: 'AllEvents',
    app: null,
  });
  const event: EventKind = { type: 'log_line', app: 'a', size: random.between(20, 150) };
  const stall = random.pick([settings.stallGrace, 1200]) + random.below(200);
  return [
    subscribe(client),
    subscribe((client + 1) % clients),
    { at: at + 5, step: 'stall', client, way: 'down', ms: stall },
    ...[10, 20, stall].map((later): Step => ({
      at: at + later,
      step: 'publish',
      count: random.between(8, 24),
      awaits: true,
      event,
    })),
    ...(random.chance(50) ? [change(random, client, at + random.below(stall))] : []),
  ];
}

function change(random: Random, client: number, at: number): Step {
  return random.chance(50)
    ? { at, step: 'subscribe', client, kind: 'LogEvents', app: 'a' }
    : { at, step: 'unsubscribe', client };
}

function requests(random: Random, client: number, at: number): Step[] {
  return Array.from({ length: random.between(1, 4) }, () => request(random, client, at, { does: 'reply' }));
}

function request(random: Random, client: number, at: number, behaviour: Behaviour): Step {
  return { at, step: 'request', client, command: 'Stop', behaviour, size: random.below(40), timeout: 0 };
}
