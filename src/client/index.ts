// The client's public face: imports nothing of the server, and no zod.
export { type ConnectOptions, IpcClient, type RequestOptions } from './client.js';
export type { ReceivedEvent } from './event-buffer.js';
export { Subscription } from './subscription.js';
export { type ErrorCode, IpcError } from '../protocol/errors.js';
