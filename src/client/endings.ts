// The reasons why a connection ends, as the errors that all waiting callers get.
import { IpcError } from '../protocol/errors.js';
import type { IpcErrorResponse } from '../protocol/messages.js';
import { usableCode } from './answer-error.js';

export function closed(message: string, options?: { cause: unknown }): IpcError {
  return new IpcError('CONNECTION_CLOSED', message, options);
}

export function broken(cause: Error): IpcError {
  return closed(`The connection broke: ${cause.message}`, { cause });
}

/** The daemon sent an Error that does not answer a request: the reason why it will close the connection. */
export function closedBy({ Error: { message, code } }: IpcErrorResponse): IpcError {
  return new IpcError(
    usableCode(code) ?? 'CONNECTION_CLOSED',
    `The daemon closed the connection: ${message}`,
  );
}

export function endOfStream(midFrame: boolean): IpcError {
  if (!midFrame) return closed('The daemon ended the connection');
  return new IpcError('FRAME_TRUNCATED', 'The daemon ended the connection in the middle of a frame');
}

/** The received bytes cannot be read, which is the daemon's fault; any other exception is a fault of this package. */
export function unreadable(error: unknown): IpcError {
  return error instanceof IpcError ? error : closed(`The client failed: ${String(error)}`, { cause: error });
}

export function silent(ms: number): IpcError {
  const message = `The daemon has sent nothing for ${ms} ms, not even a heartbeat (heartbeatTimeout)`;
  return new IpcError('HEARTBEAT_MISSED', message);
}
