// The table of the functions that a service offers: an object's own, and for an instance those of its class.
import type { FunctionTable } from './closed-port.js';

/** The functions of a service by name, without those of Object.prototype, constructors and accessors. */
export function functionTable(service: object): FunctionTable {
  const table = new Map<string, (...args: never[]) => unknown>();
  const chain: object[] = [];
  for (
    let at: object | null = service;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    chain.unshift(at);
  }
  for (const owner of chain) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value !== 'function' || name === 'constructor') continue;
      table.set(name, (value as (...args: never[]) => unknown).bind(service));
    }
  }
  return table;
}
