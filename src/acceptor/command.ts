// A command on its way through a lane: it tells its pipeline what becomes of it.
import type { IpcError } from '../protocol/errors.js';
import type { Job, Lanes, Origin } from '../ports.js';

/** The reports of a command to its pipeline: exactly one of them, once. */
export interface CommandOwner extends Origin {
  onAnswered(command: Command, overran: boolean): void;
  onFailed(command: Command, error: IpcError): void;
  onSubscribe(command: Command, filter: string): void;
  onUnsubscribe(command: Command): void;
}

export class Command implements Job {
  slot = -1;
  sequence = -1;

  constructor(
    readonly origin: CommandOwner,
    public payload: Uint8Array,
    readonly all: Lanes,
  ) {}

  /** The lanes that take it. Asked anew each time: the lanes may start after the command has come. */
  get lanes(): Lanes {
    return this.all.of?.(this.payload) ?? this.all;
  }

  answered(overran = false): void {
    this.origin.onAnswered(this, overran);
  }
  failed(error: IpcError): void {
    this.origin.onFailed(this, error);
  }
  subscribe(filter: string): void {
    this.origin.onSubscribe(this, filter);
  }
  unsubscribe(): void {
    this.origin.onUnsubscribe(this);
  }
}
