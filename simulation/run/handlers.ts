// The embedder's modules: a handler that does what the plan says of its request, and a service.
import type { CommandAnswer, CommandContext, CommandsDefinition, ServiceDefinition } from '#dist/define.js';
import type { Library } from '../build/bundle.js';
import type { Behaviour, EventKind } from '../plan/plan.js';
import type { Request } from '../check/ledger.js';
import type { Actor } from '../virtual/actor.js';

/** What a handler needs of the run. */
export interface Workplace {
  /** The thread in which the current code runs. */
  readonly actor: Actor;
  requestOf(id: number): Request | undefined;
  begin(request: Request): void;
  /** Ends the thread of the current code, as `process.exit` does. */
  exit(): void;
  /** Holds everything up for this many ms. */
  hold(ms: number): void;
  after(ms: number, action: () => void): void;
  /** The number of the next event. */
  nextEvent(): number;
}

interface Service {
  readonly reply: () => Promise<number>;
  readonly hang: () => Promise<number>;
  readonly missing: () => Promise<number>;
}

/** An event of the plan; each has a number of its own. */
export function eventOf({ type, app, size }: EventKind, number: number) {
  return { eventType: type, appName: app, data: { n: number, x: 'x'.repeat(size) } };
}

export function commandsOf(library: Library, workplace: () => Workplace): CommandsDefinition {
  const handle = (
    { name }: { readonly name: string },
    context: CommandContext<Service>,
  ): CommandAnswer | Promise<CommandAnswer> => {
    const place = workplace();
    const request = place.requestOf(Number.parseInt(name, 10));
    const never = new Promise<never>(() => undefined);
    if (place.actor.dead || request === undefined) return never;
    place.begin(request);
    const reply = { Success: { message: String(request.id) } };
    const { behaviour } = request;
    switch (behaviour.does) {
      case 'reply':
        return reply;
      case 'throw':
        throw Object.assign(new Error(String(request.id)), { code: 'SIM_THROWN' });
      case 'invalid':
        return 7 as never;
      case 'hang':
        return never;
      case 'exit':
        place.exit();
        return never;
      case 'later':
        return new Promise((resolve) => place.after(behaviour.ms, () => resolve(reply)));
      case 'busy':
        place.hold(behaviour.ms);
        return reply;
      case 'publish':
        return publish(place, behaviour, context).then(() => reply);
      case 'call':
        return context.service[behaviour.method]().then(() => reply);
    }
  };
  return library.defineCommands<Service>({ Stop: handle, Restart: handle, Delete: handle });
}

async function publish(
  place: Workplace,
  { count, awaits, event }: Extract<Behaviour, { does: 'publish' }>,
  context: CommandContext<Service>,
): Promise<void> {
  for (let each = 0; each < count; each += 1) {
    const published = context.publish(eventOf(event, place.nextEvent()));
    if (awaits) await published;
  }
}

export function serviceOf(library: Library): ServiceDefinition {
  return library.defineService({
    reply: () => 1,
    hang: () => new Promise<never>(() => undefined),
  });
}
