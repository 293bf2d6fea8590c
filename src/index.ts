// The public face of the package.
export { startDaemon } from './daemon.js';
export type { Daemon, DaemonStats } from './running-daemon.js';
export {
  AnswerError,
  type ConnectOptions,
  IpcClient,
  type ReceivedEvent,
  type RequestOptions,
  type Subscription,
} from './client/index.js';
export { IpcConnection } from './transport/connection.js';
export { IpcServer } from './transport/server.js';
export { defaultSocketPath } from './endpoint/default-path.js';
export type { ConnectionsOptions, DaemonOptions, SubscribersOptions, WorkersOptions } from './options.js';
export * from './protocol/index.js';
export * from './define.js';
