// A plan: everything that will happen in one run, as data. A seed makes it, and a failing one is made shorter.

/** What a handler does with a request. Times are in ms of virtual time. */
export type Behaviour =
  | { readonly does: 'reply' | 'throw' | 'invalid' | 'hang' | 'exit' }
  /** It replies later, perhaps after its deadline. */
  | { readonly does: 'later'; readonly ms: number }
  /** It holds its thread, and with it this machine, before it replies. */
  | { readonly does: 'busy'; readonly ms: number }
  | { readonly does: 'publish'; readonly count: number; readonly awaits: boolean; readonly event: EventKind }
  | { readonly does: 'call'; readonly method: 'reply' | 'hang' | 'missing' };

export interface EventKind {
  readonly type: string;
  readonly app: string | null;
  /** Characters of filling. */
  readonly size: number;
}

export type FilterKind = 'AllEvents' | 'LogEvents' | 'StatusEvents';

/** The commands that have a handler here; each may have an isolation of its own. */
export const COMMANDS = ['Stop', 'Restart', 'Delete'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** What happens at a time, in ms of virtual time. Clients, lanes and the rest are named by number. */
export type Step = { readonly at: number } & (
  | {
      readonly step: 'connect';
      readonly client: number;
      readonly kind: 'library' | 'raw';
      readonly eventBuffer: number;
    }
  | {
      readonly step: 'request';
      readonly client: number;
      readonly command: CommandName;
      readonly behaviour: Behaviour;
      /** Characters of filling. */
      readonly size: number;
      readonly timeout: number;
    }
  | {
      readonly step: 'subscribe';
      readonly client: number;
      readonly kind: FilterKind;
      readonly app: string | null;
    }
  | { readonly step: 'unsubscribe'; readonly client: number }
  | { readonly step: 'garbage'; readonly client: number; readonly kind: 'malformed' | 'tooLarge' | 'half' }
  | { readonly step: 'stall'; readonly client: number; readonly way: 'up' | 'down'; readonly ms: number }
  | {
      readonly step: 'hangUp';
      readonly client: number;
      readonly how: 'halfClose' | 'reset' | 'vanish' | 'close';
    }
  /** Main publishes; it waits for each event to be taken, or publishes all at once. */
  | { readonly step: 'publish'; readonly count: number; readonly awaits: boolean; readonly event: EventKind }
  | { readonly step: 'killLane'; readonly lane: number }
  | { readonly step: 'crashLane'; readonly lane: number; readonly operations: number }
  | { readonly step: 'freezeLane'; readonly lane: number; readonly ms: number; readonly stuck: boolean }
  | { readonly step: 'killService' }
  /** The next modules that workers load throw, or never finish. */
  | { readonly step: 'spoilLoads'; readonly count: number; readonly how: 'throw' | 'hang' }
  /** The reader of a client of the library rests. */
  | { readonly step: 'rest'; readonly client: number; readonly ms: number }
  | { readonly step: 'freezeService'; readonly ms: number }
  | { readonly step: 'freezeMain'; readonly ms: number }
  | { readonly step: 'jump'; readonly ms: number }
  | { readonly step: 'close'; readonly grace: number }
);

/** Options of the daemon, and of the virtual machine. Times in ms, sizes in bytes. */
export interface Settings {
  readonly isolation: 'thread' | 'process' | 'none';
  /** The isolation of single commands. */
  readonly marks: Readonly<Partial<Record<CommandName, 'inline' | 'thread' | 'process'>>>;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly commandTimeout: number;
  readonly unresponsiveAfter: number;
  readonly service: boolean;
  readonly maxConnections: number;
  readonly maxMessageSize: number;
  readonly frameTimeout: number;
  readonly maxInFlight: number;
  readonly writeHighWaterMark: number;
  readonly queueBytes: number;
  readonly whenFull: 'drop-oldest' | 'drop-newest' | 'disconnect';
  readonly stallGrace: number;
  readonly heartbeat: number;
  readonly eventHold: number;
  /** Bytes that the kernel holds for each direction of a connection. */
  readonly kernelBytes: number;
  /** How many of a thousand steps take long, as on a busy machine. */
  readonly longSteps: number;
}

export interface Plan {
  readonly seed: number;
  /** The seed of the scheduler's choices. */
  readonly schedule: number;
  readonly settings: Settings;
  readonly steps: readonly Step[];
}

/** Whether anything in a plan can cost requests of any client their answer, or make them late. */
export function isShaken({ steps, settings }: Plan): boolean {
  return settings.longSteps > 0 || steps.some(shakesLanes);
}

function shakesLanes(step: Step): boolean {
  switch (step.step) {
    case 'killLane':
    case 'spoilLoads':
    case 'crashLane':
    case 'freezeLane':
    case 'freezeMain':
    case 'jump':
      return true;
    case 'request':
      return step.behaviour.does === 'exit' || step.behaviour.does === 'busy';
    default:
      return false;
  }
}
