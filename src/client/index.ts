// The client's public face: exactly the names that docs/api.md describes. Imports nothing of the server, and no zod.
export { AnswerError } from './answer-error.js';
export { IpcClient } from './client.js';
export { socketPathOf } from '../endpoint/default-path.js';
export type { ConnectOptions, RequestOptions } from './options.js';
export type { ReceivedEvent } from './event-buffer.js';
export type { Subscription } from './subscription.js';
export { type AnyErrorCode, type ErrorCode, IpcError } from '../protocol/errors.js';
