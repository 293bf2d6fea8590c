// Refuses definitions that would be ignored in part: unknown names, values that are not functions, class instances.
import { nearest } from './nearest.js';

/**
 * Checks a table of command handlers.
 *
 * @throws {TypeError} with the name of the entry that is wrong.
 */
export function checkCommands(table: unknown, commands: readonly string[]): void {
  const given = checkObject(table, 'defineCommands', 'an object with a handler for each command');
  const prototype = Object.getPrototypeOf(given) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(
      `defineCommands was given an instance of ${className(given)}, whose methods it would ignore; give it a plain ` +
        'object with a handler for each command',
    );
  }
  for (const name of Reflect.ownKeys(given)) {
    if (typeof name === 'symbol' || !commands.includes(name)) throw unknownCommand(String(name), commands);
    checkFunction(given[name], `the handler of ${name} in defineCommands`);
  }
}

/**
 * Checks the functions of a service. An instance of a class may have other fields beside its methods.
 *
 * @throws {TypeError} with the name of the entry that is wrong.
 */
export function checkService(service: unknown): void {
  const given = checkObject(service, 'defineService', 'an object with the functions of the service');
  const prototype = Object.getPrototypeOf(given) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return;
  for (const name of Object.keys(given)) checkFunction(given[name], `${name} in defineService`);
}

function checkObject(value: unknown, where: string, wanted: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new TypeError(
    `${where} needs ${wanted}, or a function that returns it; it was given ${String(value)}`,
  );
}

function checkFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return;
  const given = value === undefined || value === null ? String(value) : `a value of type ${typeof value}`;
  throw new TypeError(`${what} is ${given}; make it a function, or leave it out`);
}

function unknownCommand(name: string, commands: readonly string[]): TypeError {
  if (name === 'Subscribe' || name === 'Unsubscribe')
    return new TypeError(`${name} in defineCommands cannot have a handler: the daemon itself answers it`);
  const meant = nearest(name, commands);
  const hint = meant === undefined ? `the commands are ${commands.join(', ')}` : `did you mean ${meant}?`;
  return new TypeError(`${name} in defineCommands is not a command; ${hint}`);
}

function className(value: object): string {
  const { constructor: from } = value as { constructor?: unknown };
  return typeof from === 'function' && from.name !== '' ? from.name : 'a class';
}
