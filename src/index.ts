// The public face of the package: exactly the names that docs/api.md describes.
export { startDaemon } from './daemon.js';
export type { Daemon, DaemonStats } from './running-daemon.js';
export type { AcceptorStats } from './acceptor/acceptor.js';
export type { CommandCounters } from './acceptor/pipeline-context.js';
export type { BrokerStats } from './broker/broker.js';
export type { LaneStats } from './workers/workers.js';
export type { LoopDelay } from './telemetry/loop-delay.js';
export { openMetrics } from './telemetry/open-metrics.js';
export type { QueueStats } from './telemetry/queue-stats.js';
export type { DaemonSteps, StepMessage } from './telemetry/steps.js';
export type {
  ConnectionsOptions,
  DaemonOptions,
  SubscribersOptions,
  WorkersOptions,
} from './daemon-options.js';
export {
  type CommandAnswer,
  type CommandContext,
  type CommandHandler,
  type CommandHandlers,
  type CommandSetup,
  type CommandsDefinition,
  defineCommands,
  defineService,
  type HandledCommand,
  type Publish,
  type ServiceCalls,
  type ServiceDefinition,
  type ServiceFunctions,
  type ServiceSetup,
} from './define.js';
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
export { defaultSocketPath, socketPathOf } from './endpoint/default-path.js';
export { type AnyErrorCode, ERROR_CODES, type ErrorCode, IpcError } from './protocol/errors.js';
export type { EventInput } from './protocol/events.js';
export type {
  CommandArgs,
  CommandName,
  IpcAnswer,
  IpcErrorResponse,
  IpcEvent,
  IpcMessage,
  IpcResponse,
  SubscriptionType,
} from './protocol/messages.js';
