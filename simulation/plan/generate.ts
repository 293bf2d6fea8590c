// Makes a plan from a seed.
import { Random } from '../random.js';
import { storyOf } from './stories.js';
import {
  type Behaviour,
  COMMANDS,
  type EventKind,
  type FilterKind,
  type Plan,
  type Settings,
  type Step,
} from './plan.js';

/** Each plan is about one kind of trouble, so that the others stay quiet and the promises are strict. */
const THEMES = ['calm', 'clients', 'lanes', 'events', 'events', 'everything', 'everything'] as const;
type Theme = (typeof THEMES)[number];

const TYPES = ['log_line', 'process_started', 'custom'];
const APPS = ['a', 'b', null];

export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const theme = random.pick(THEMES);
  const settings = settingsOf(random, theme);
  const clients = random.between(1, 4);
  const length = random.between(60, 700);
  const steps: Step[] = [];
  for (let client = 0; client < clients; client += 1) {
    steps.push({
      at: random.chance(50) ? 0 : random.below(length),
      step: 'connect',
      client,
      kind: random.chance(50) ? 'library' : 'raw',
      eventBuffer: random.between(200, 4000),
    });
  }
  const count = random.between(4, 30);
  for (let number = 0; number < count; number += 1) {
    const at = random.below(length);
    const story = storyOf(random, theme, settings, clients, at);
    if (story) {
      steps.push(...story);
      continue;
    }
    // Often several at once, since a burst meets more bounds.
    const burst = random.chance(30) ? random.between(2, 8) : 1;
    const client = random.below(clients);
    for (let each = 0; each < burst; each += 1) steps.push(stepOf(random, theme, settings, client, at));
  }
  if (random.chance(15))
    steps.push({ at: random.between(0, length), step: 'close', grace: random.pick([0, 50, 2000]) });
  steps.sort((a, b) => a.at - b.at);
  return { seed, schedule: random.below(2 ** 31), settings, steps };
}

function settingsOf(random: Random, theme: Theme): Settings {
  const minThreads = random.pick([1, 1, 2]);
  const mixed = random.chance(25);
  return {
    isolation: random.pick(['thread', 'thread', 'thread', 'process', 'process', 'none']),
    marks: mixed
      ? {
          Restart: random.pick(['inline', 'thread', 'process']),
          Delete: random.pick(['inline', 'thread', 'process']),
        }
      : {},
    minThreads,
    maxThreads: random.chance(50) ? minThreads : random.between(minThreads, 3),
    commandTimeout: random.pick([100, 200, 400]),
    unresponsiveAfter: random.pick([200, 500, 1000, 1000]),
    service: random.chance(25),
    maxConnections: random.pick([2, 8, 8, 8]),
    maxMessageSize: 1024,
    frameTimeout: random.pick([100, 1000]),
    maxInFlight: random.pick([1, 3, 8, 32]),
    writeHighWaterMark: random.pick([1, 100, 1000]),
    queueBytes: random.pick([1024, 2048]),
    whenFull: random.pick(['drop-oldest', 'drop-oldest', 'drop-newest', 'disconnect']),
    stallGrace: random.pick([20, 100, 250]),
    heartbeat: random.pick([100, 1000]),
    eventHold: random.pick([0, 0, 30, 100]),
    kernelBytes: random.pick([64, 300, 2000]),
    longSteps: theme === 'lanes' || theme === 'everything' ? random.pick([0, 10, 100, 200]) : 0,
  };
}

function stepOf(random: Random, theme: Theme, settings: Settings, client: number, at: number): Step {
  const roll = random.below(100);
  const fault = { calm: 0, clients: 25, events: 12, lanes: 20, everything: 25 }[theme];
  if (roll < fault) return faultOf(random, theme, settings, client, at);
  const events = { calm: 15, clients: 20, events: 55, lanes: 10, everything: 25 }[theme];
  if (roll < fault + events) return eventStepOf(random, client, at);
  return {
    at,
    step: 'request',
    client,
    command: random.pick(COMMANDS),
    behaviour: behaviourOf(random, theme, settings),
    size: random.chance(15) ? random.between(100, 700) : random.below(40),
    timeout: random.chance(10) ? random.between(10, 200) : 0,
  };
}

function eventStepOf(random: Random, client: number, at: number): Step {
  const roll = random.below(10);
  if (roll < 3) {
    const kind: FilterKind = random.pick(['AllEvents', 'AllEvents', 'LogEvents', 'StatusEvents']);
    return { at, step: 'subscribe', client, kind, app: random.pick([null, null, ...APPS]) };
  }
  if (roll < 4) return { at, step: 'unsubscribe', client };
  return {
    at,
    step: 'publish',
    count: random.between(1, 20),
    awaits: random.chance(60),
    event: eventOf(random),
  };
}

function eventOf(random: Random): EventKind {
  const size = random.chance(10) ? random.between(300, 900) : random.below(120);
  return { type: random.pick(TYPES), app: random.pick(APPS), size };
}

function behaviourOf(random: Random, theme: Theme, settings: Settings): Behaviour {
  const roll = random.below(100);
  if (roll < 45) return { does: 'reply' };
  if (roll < 58) {
    const around = random.chance(30) ? settings.commandTimeout : 60;
    return { does: 'later', ms: random.below(2 * around) };
  }
  if (roll < 71) {
    return {
      does: 'publish',
      count: random.between(1, 12),
      awaits: random.chance(70),
      event: eventOf(random),
    };
  }
  if (roll < 75) return { does: 'throw' };
  if (roll < 78) return { does: 'invalid' };
  if (roll < 82) return { does: 'hang' };
  if (settings.service && roll < 96) {
    return { does: 'call', method: random.pick(['reply', 'reply', 'hang', 'missing']) };
  }
  if (theme !== 'lanes' && theme !== 'everything') return { does: 'reply' };
  return roll < 98 ? { does: 'busy', ms: random.between(1, 20) } : { does: 'exit' };
}

function faultOf(random: Random, theme: Theme, settings: Settings, client: number, at: number): Step {
  const ofClients =
    theme === 'clients' || theme === 'events' || (theme === 'everything' && random.chance(50));
  if (ofClients) return clientFaultOf(random, theme, client, at);
  const lane = random.below(3);
  const pause =
    random.pick([50, 150, settings.commandTimeout, settings.unresponsiveAfter, 2000]) + random.below(100);
  switch (random.below(settings.service ? 9 : 7)) {
    case 0:
      return { at, step: 'killLane', lane };
    case 1:
      return { at, step: 'crashLane', lane, operations: random.between(1, 12) };
    case 2:
    case 3:
      return { at, step: 'freezeLane', lane, ms: pause, stuck: random.chance(20) };
    case 4:
      return { at, step: 'freezeMain', ms: pause };
    case 5:
      return { at, step: 'jump', ms: random.pick([pause, 100_000]) };
    case 6:
      return {
        at,
        step: 'spoilLoads',
        count: random.between(1, 4),
        how: random.pick(['throw', 'throw', 'hang']),
      };
    case 7:
      return { at, step: 'killService' };
    default:
      return { at, step: 'freezeService', ms: pause };
  }
}

function clientFaultOf(random: Random, theme: Theme, client: number, at: number): Step {
  const roll = random.below(10);
  if (roll < 2 || (theme === 'events' && roll < 4))
    return { at, step: 'rest', client, ms: random.between(10, 600) };
  if (roll < 5 || theme === 'events') {
    return {
      at,
      step: 'stall',
      client,
      way: random.pick(['up', 'down', 'down']),
      ms: random.between(10, 600),
    };
  }
  if (roll < 8)
    return { at, step: 'garbage', client, kind: random.pick(['malformed', 'malformed', 'tooLarge', 'half']) };
  return { at, step: 'hangUp', client, how: random.pick(['halfClose', 'reset', 'vanish', 'close']) };
}
