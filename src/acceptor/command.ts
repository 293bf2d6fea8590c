// A command on its way through a lane: what happens to it is told to its connection's line.
import type { IpcError } from '../protocol/errors.js';
import type { Job } from '../ports.js';
import type { Line } from './pipeline.js';
import type { ResponseWriter } from './ports.js';

export class Command<W extends ResponseWriter> implements Job {
  slot = -1;
  sequence = -1;

  constructor(
    readonly origin: Line<W>,
    public payload: Uint8Array,
  ) {}

  answered(): void {
    this.origin.done(this);
  }
  failed(error: IpcError): void {
    this.origin.fail(this, error);
  }
  subscribe(filter: string): void {
    this.origin.subscribe(this, filter);
  }
  unsubscribe(): void {
    this.origin.unsubscribe(this);
  }
}
