// The queue against an array that does the same, and its cost.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Queue } from '#dist/queue.js';
import { property } from './support/property.js';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), item: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const) }) },
  fc.record({ do: fc.constant('replaceLast' as const), item: fc.nat(5) }),
  fc.record({ do: fc.constant('remove' as const), item: fc.nat(5) }),
  fc.record({ do: fc.constant('takeAll' as const) }),
  fc.record({ do: fc.constant('clear' as const) }),
);

describe('a queue', () => {
  property([fc.array(step, { maxLength: 200 })])(
    'is an array that is shifted, for every way to use it',
    (steps) => {
      const queue = new Queue<number>();
      let model: number[] = [];
      for (const one of steps) {
        switch (one.do) {
          case 'push':
            queue.push(one.item);
            model.push(one.item);
            break;
          case 'shift':
            expect(queue.shift()).toBe(model.shift());
            break;
          case 'replaceLast':
            queue.replaceLast(one.item);
            model.splice(-1, 1, one.item);
            break;
          case 'remove': {
            const at = model.indexOf(one.item);
            expect(queue.remove(one.item)).toBe(at >= 0);
            if (at >= 0) model.splice(at, 1);
            break;
          }
          case 'takeAll':
            expect(queue.takeAll()).toEqual(model);
            model = [];
            break;
          case 'clear':
            queue.clear();
            model = [];
        }
        expect(queue.length).toBe(model.length);
        expect(queue.peek()).toBe(model[0]);
        expect([...queue]).toEqual(model);
      }
    },
  );

  test('gives up an item that is undefined like any other', () => {
    const queue = new Queue<undefined>();
    queue.push(undefined);
    queue.push(undefined);
    queue.shift();
    expect(queue.length).toBe(1);
  });

  test('moves each item once on average, however long it is', () => {
    const queue = new Queue<number>();
    const count = 300_000;
    for (let n = 0; n < count; n += 1) queue.push(n);
    let sum = 0;
    // With an array's shift() this takes minutes, and the test its deadline.
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) sum += next;
    expect(sum).toBe((count * (count - 1)) / 2);
  });
});
