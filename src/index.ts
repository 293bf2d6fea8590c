// The public face of the package.
export * from './protocol/index.js';
