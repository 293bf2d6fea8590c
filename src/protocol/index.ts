// The protocol's public face: exactly the names that docs/api.md describes. Pure functions, without any I/O.
export {
  candidateEndpoints,
  checkEndpoint,
  defaultEndpoint,
  endpointOf,
  ORIGINAL_SOCKET,
  type Surroundings,
} from './endpoints.js';
export { type AnyErrorCode, ERROR_CODES, type ErrorCode, IpcError } from './errors.js';
export {
  DROPPED_EVENT_TYPE,
  encodeEvent,
  type EventFilter,
  type EventInput,
  filterOf,
  filterPasses,
  HEARTBEAT_EVENT_TYPE,
  LOG_EVENT_TYPE,
  STATUS_EVENT_TYPES,
} from './events.js';
export { encodeFrame, FrameDecoder, HEADER_BYTES, MAX_MESSAGE_SIZE } from './frames.js';
export { encodeJsonFrame, parseJson, writeJson } from './json.js';
export {
  COMMAND_NAMES,
  type CommandArgs,
  type CommandName,
  type IpcAnswer,
  type IpcErrorResponse,
  type IpcEvent,
  type IpcMessage,
  type IpcResponse,
  parseRequest,
  parseResponse,
  type SubscriptionType,
} from './messages.js';
export { checkResponse, errorResponse } from './responses.js';
