// Comlink ships its adapter's declaration beside the CommonJS name only.
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';
  export default function nodeEndpoint(port: import('./port.js').Port): Endpoint;
}
