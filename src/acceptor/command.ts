// A command on its way through a lane: it tells its pipeline what becomes of it.
import type { IpcError } from '../protocol/errors.js';
import type { Job, Origin } from '../ports.js';

/** The reports of a command to its pipeline: exactly one of them, once. */
export interface CommandOwner extends Origin {
  onAnswered(command: Command): void;
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
  ) {}

  answered(): void {
    this.origin.onAnswered(this);
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
