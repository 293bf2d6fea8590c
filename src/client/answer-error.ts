// The error of a request that the daemon answered with `Error`.
import { IpcError } from '../protocol/errors.js';
import type { IpcErrorResponse } from '../protocol/messages.js';

/**
 * What `IpcClient.request()` rejects with when the daemon answered `Error`. Its `message` and its `code` are the
 * daemon's; the code is `COMMAND_REFUSED` if the daemon sent none, as the original does.
 */
export class AnswerError extends IpcError {
  override readonly name = 'AnswerError';
  /** The answer as it came, with fields that this package does not know. */
  readonly answer: IpcErrorResponse;

  constructor(answer: IpcErrorResponse) {
    const { message, code } = answer.Error;
    super(usableCode(code) ?? 'COMMAND_REFUSED', message);
    this.answer = answer;
  }
}

/** A code that a daemon sent, unless it is not one. */
export function usableCode(code: unknown): string | undefined {
  return typeof code === 'string' && code !== '' ? code : undefined;
}
