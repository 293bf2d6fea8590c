// A definition with a part that would be ignored is refused, with the name of that part.
import { startDaemon } from 'bunctl-ipc';
import { type CommandHandlers, defineCommands, defineService } from 'bunctl-ipc/commands';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { fixture, temporaryDirectory } from './support/daemon.js';

const handler = () => ({ Success: { message: 'done' } });
class Handlers {
  List = handler;
  Stop() {
    return handler();
  }
}
const wrong: [string, unknown, string][] = [
  ['an instance of a class', new Handlers(), 'an instance of Handlers'],
  ['a list', [handler], 'an instance of Array'],
  ['a map', new Map([['List', handler]]), 'an instance of Map'],
  ['a misspelt name', { Lits: handler }, 'Lits in defineCommands is not a command; did you mean List?'],
  ['a name in lower case', { restart: handler }, 'did you mean Restart?'],
  ['an unknown name', { Frobnicate: handler }, 'the commands are Start, Stop, '],
  ['a symbol', { [Symbol.iterator]: handler }, 'Symbol.iterator'],
  ['a command of the daemon’s own', { Subscribe: handler }, 'the daemon itself answers it'],
  ['a handler that is undefined', { List: undefined }, 'the handler of List in defineCommands is undefined'],
  [
    'a handler that is an object',
    { Stop: {} },
    'the handler of Stop in defineCommands is a value of type object',
  ],
  ['nothing', undefined, 'it was given undefined'],
  ['null', null, 'it was given null'],
  ['a text', 'List', 'it was given List'],
];

describe('defineCommands', () => {
  test.each(wrong)('refuses %s', (_what, handlers, part) => {
    expect(() => defineCommands(handlers as CommandHandlers)).toThrow(TypeError);
    expect(() => defineCommands(handlers as CommandHandlers)).toThrow(part);
  });

  test.each(wrong)('refuses %s as the result of a set-up function', async (_what, handlers, part) => {
    const { setUp } = defineCommands(async () => handlers as CommandHandlers);
    await expect(setUp({} as never)).rejects.toThrow(part);
  });

  test('takes plain objects, those without a prototype included', async () => {
    const bare = Object.assign(Object.create(null) as CommandHandlers, { List: handler });
    for (const handlers of [{ List: handler }, {}, bare])
      expect(await defineCommands(handlers).setUp({} as never)).toBe(handlers);
  });

  test('has types that refuse a misspelt name and a handler that is undefined', () => {
    // @ts-expect-error the command does not exist
    expect(() => defineCommands({ Lits: handler })).toThrow();
    // @ts-expect-error the handler is not a function
    expect(() => defineCommands({ List: undefined })).toThrow();
    expectTypeOf(defineCommands({ List: handler }).kind).toEqualTypeOf<'bunctl-ipc.commands'>();
  });

  test('keeps the daemon from starting, with the name', async () => {
    const socketPath = join(temporaryDirectory(), 's');
    await expect(startDaemon({ socketPath, commands: fixture('misspelt.js') })).rejects.toMatchObject({
      code: 'LANES_UNAVAILABLE',
      message: expect.stringContaining('did you mean Status?') as string,
    });
  });
});

describe('defineService', () => {
  test.each([
    ['a function that is undefined', { add: undefined }, 'add in defineService is undefined'],
    ['a value that is not a function', { count: 5 }, 'count in defineService is a value of type number'],
    ['nothing', undefined, 'it was given undefined'],
  ])('refuses %s', async (_what, service, part) => {
    expect(() => defineService(service as never)).toThrow(part);
    await expect(defineService(() => service as never).setUp({} as never)).rejects.toThrow(part);
  });

  test('takes an instance of a class, whatever fields it has', async () => {
    class Counter {
      count = 0;
      add = () => (this.count += 1);
    }
    const counter = new Counter();
    expect(await defineService(() => counter).setUp({} as never)).toBe(counter);
  });
});
