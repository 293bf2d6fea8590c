// The protocol's public face: shapes, frames, filters, endpoints and errors, without any I/O.
export * from './endpoints.js';
export * from './errors.js';
export * from './events.js';
export * from './frames.js';
export * from './json.js';
export * from './messages.js';
export * from './responses.js';
