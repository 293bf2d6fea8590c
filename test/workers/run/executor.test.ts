// Commands run in order, are answered in time, and leave the loop to others.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { CommandHandlers } from '#dist/define.js';
import { ANSWER } from '#dist/workers/link/answers.js';
import type { BatchEntry } from '#dist/workers/link/batch.js';
import { Executor } from '#dist/workers/run/executor.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('the executor', () => {
  function world(handlers: CommandHandlers) {
    const clock = new FakeClock();
    const later: (() => void)[] = [];
    const notes: string[] = [];
    const told: unknown[] = [];
    const state = { open: true };
    let sequence = 0;
    const executor = new Executor({
      handlers,
      shared: {
        publish: () => Promise.resolve(),
        log: pino({ level: 'silent' }),
        serviceFor: () => ({}),
      },
      commandTimeout: 1000,
      maxMessageSize: 1000,
      clock,
      tell: (_step, fields) => void told.push(fields),
      soon: (action) => void later.push(action),
      claim: () => true,
      answer: (_slot, answered, kind, text, size) => {
        expect(size).toBe(Buffer.byteLength(text));
        expect(kind).toBe(text.includes('"COMMAND_TIMEOUT"') ? ANSWER.OVERRUN : ANSWER.RESPONSE);
        notes.push(`${answered} ${text}`);
      },
      flush: () => {
        if (notes.length > 0 && notes.at(-1) !== 'sent') notes.push('sent');
        return state.open;
      },
    });
    const command = (connectionId: number, name: string): BatchEntry => ({
      slot: 0,
      sequence: (sequence += 1),
      connectionId,
      payload: Buffer.from(JSON.stringify({ Stop: { name } })),
    });
    return {
      clock,
      executor,
      notes,
      told,
      state,
      command,
      turns: () => later.length,
      turn() {
        for (const action of later.splice(0)) action();
      },
    };
  }
  const said = (message: string) => JSON.stringify({ Success: { message } });
  /** A handler whose answers the test gives. */
  function waiting() {
    const begun = new Map<string, (message: string) => void>();
    const handlers: CommandHandlers = {
      Stop: ({ name }) =>
        new Promise((resolve) => begun.set(name, (message) => resolve({ Success: { message } }))),
    };
    return { begun, handlers };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('begins the next command of a connection when the previous one is answered, those of other connections at once', async () => {
    const { begun, handlers } = waiting();
    const w = world(handlers);
    w.executor.take([w.command(1, 'a'), w.command(1, 'b'), w.command(2, 'c')]);
    expect([...begun.keys()]).toEqual(['a', 'c']);
    begun.get('a')?.('done');
    await settled();
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'c', 'b']);
  });

  test('answers for an overdue command; its later answer is dropped and begins no other command', async () => {
    const { begun, handlers } = waiting();
    const w = world(handlers);
    w.executor.take([w.command(1, 'a')]);
    w.clock.advance(600);
    w.executor.take([w.command(1, 'b'), w.command(1, 'c')]);
    w.clock.advance(400);
    w.turn();
    expect(w.notes.join()).toContain('Stop did not finish within 1000 ms');
    expect([...begun.keys()]).toEqual(['a', 'b']);
    const before = w.notes.length;
    begun.get('a')?.('late');
    await settled();
    w.turn();
    // b came 400 ms ago, but its turn has only begun.
    w.clock.advance(999);
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'b']);
    expect(w.notes.slice(before)).toEqual([]);
    w.clock.advance(1);
    w.turn();
    expect([...begun.keys()]).toEqual(['a', 'b', 'c']);
  });

  test('sends the answers after a millisecond of work, and lets the loop turn after five', () => {
    const w: ReturnType<typeof world> = world({
      Stop: ({ name }) => {
        w.clock.advance(0.5);
        return { Success: { message: name } };
      },
    });
    w.executor.take(Array.from('abcdefghijkl', (name) => w.command(1, name)));
    const texts = Array.from('abcdefghij', (name, n) => `${n + 1} ${said(name)}`);
    const pairs = [0, 2, 4, 6, 8].flatMap((n) => [...texts.slice(n, n + 2), 'sent']);
    expect(w.notes).toEqual(pairs);
    expect(w.turns()).toBe(1);
    w.turn();
    expect(w.notes.slice(pairs.length)).toEqual([`11 ${said('k')}`, `12 ${said('l')}`, 'sent']);
    expect(w.turns()).toBe(0);
  });

  test('takes turns between connections, however many commands a connection has', () => {
    const order: string[] = [];
    const w: ReturnType<typeof world> = world({
      Stop: ({ name }) => {
        order.push(name);
        w.clock.advance(1);
        return { Success: { message: '' } };
      },
    });
    w.executor.take([...Array.from('aaa', (name) => w.command(1, name)), w.command(2, 'b')]);
    expect(order.join('')).toBe('abaa');
  });

  test('begins no command while main has too much to take in, and goes on after its notice', () => {
    const w = world({ Stop: ({ name }) => ({ Success: { message: name } }) });
    w.state.open = false;
    w.executor.take([w.command(1, 'a')]);
    w.turn();
    expect(w.notes).toEqual([]);
    w.state.open = true;
    w.executor.resume();
    w.turn();
    expect(w.notes).toEqual([`1 ${said('a')}`, 'sent']);
  });

  test('sends an answer of exactly the largest size, and an Error in place of a larger answer', () => {
    const room = 1000 - said('').length;
    const w = world({
      Stop: ({ name }) => {
        if (name === 'throw') throw new Error('x'.repeat(2000));
        return { Success: { message: 'x'.repeat(Number(name)) } };
      },
    });
    w.executor.take([w.command(1, `${room}`), w.command(1, `${room + 1}`), w.command(1, 'throw')]);
    expect(w.notes[0]).toBe(`1 ${said('x'.repeat(room))}`);
    expect(w.notes[1]).toContain('Message size 1001 exceeds maximum allowed size 1000');
    expect(w.notes[2]).toContain('an error message too long to send');
  });

  test('answers a command that throws a message longer than JSON can write, and logs its beginning', () => {
    const message = '\u0001'.repeat(100_000_000);
    const w = world({
      Stop: () => {
        throw Object.assign(new Error('x'), { message });
      },
    });
    w.executor.take([w.command(1, 'throw')]);
    expect(w.notes[0]).toContain('an error message too long to send');
    expect(w.told).toEqual([
      { err: expect.objectContaining({ message: message.slice(0, 64 * 1024) }) as unknown },
    ]);
  });

  test.each(['at once', 'later'])(
    'answers a command that throws what cannot be looked at, %s',
    async (when) => {
      const { proxy, revoke } = Proxy.revocable(new Error('never read'), {});
      revoke();
      const w = world({
        Stop: ({ name }) => {
          if (name === 'b') return { Success: { message: name } };
          if (when === 'later') return Promise.reject(proxy);
          throw proxy;
        },
      });
      w.executor.take([w.command(1, 'a'), w.command(1, 'b')]);
      await settled();
      w.turn();
      expect(w.notes.join()).toContain('thrown value that cannot be shown');
      expect(w.notes.join()).toContain(said('b'));
    },
  );

  test('tells of an error with its class, its code and what caused it', () => {
    const root = Object.assign(new RangeError('the disk is full'), { code: 'ENOSPC' });
    const circle = new Error('circle');
    circle.cause = circle;
    const w = world({
      Stop: ({ name }) => {
        if (name === 'circle') throw circle;
        throw new TypeError('it was not saved', { cause: new Error('no write', { cause: root }) });
      },
    });
    w.executor.take([w.command(1, 'a'), w.command(1, 'circle')]);
    const [first] = w.told as { err: Error }[];
    expect(first?.err).toBeInstanceOf(Error);
    expect(pino.stdSerializers.err(first?.err as Error)).toMatchObject({
      type: 'TypeError',
      message: 'it was not saved: no write: the disk is full',
      stack: expect.stringMatching(
        /^TypeError: it was not saved\n[^]*caused by: RangeError: the disk is full/,
      ) as string,
    });
    expect(first?.err.cause).toMatchObject({ cause: { name: 'RangeError', code: 'ENOSPC' } });
    expect(w.told).toHaveLength(2);
  });

  test.each([
    [
      'bytes for an answer',
      Buffer.from('abc'),
      'a response is an object with one key, this is a list or bytes',
    ],
    ['a list for an answer', ['a'], 'a response is an object with one key, this is a list or bytes'],
    ['bytes for fields', { Data: Buffer.from('abc') }, 'Data needs an object of fields'],
    ['a list for fields', { Data: ['a'] }, 'Data needs an object of fields'],
    ['fields without the main one', { Data: { list: [] } }, 'Data.data is missing'],
  ])('says what is wrong with %s', (_what, answer, why) => {
    const w = world({ Stop: () => answer as never });
    w.executor.take([w.command(1, 'a')]);
    expect(w.notes[0]).toContain(why);
  });
});
