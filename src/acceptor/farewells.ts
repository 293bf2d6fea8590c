// The end of a connection: the last messages that do not depend on what the client did, and the time to read them.
import { IpcError } from '../protocol/errors.js';
import { errorFrame } from '../protocol/responses.js';

/** For how long, in ms, input is read and thrown away after the end was sent, so that the client can read why. */
export const LINGER = 1000;
/** The message for a client about a fault that is not its own. */
export const FAULT = errorFrame(new IpcError('INTERNAL'));

/** @param limit In ms. */
export const lateFrame = (limit: number): IpcError =>
  new IpcError('FRAME_TIMEOUT', `A frame was begun but not completed within ${limit} ms (timeout)`);

/** The last message for a client whose events are not worth keeping. */
export const TOO_SLOW = errorFrame(new IpcError('SUBSCRIBER_TOO_SLOW'));
