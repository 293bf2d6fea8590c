// The bound on the bytes of many holders.
import { expect, test } from 'vitest';
import { SharedBound } from '#dist/acceptor/shared-bound.js';

test('a shared bound evicts only the largest holder', () => {
  const sizes = new Map([
    ['a', 30],
    ['b', 50],
    ['c', 10],
  ]);
  const evicted: string[] = [];
  const bound = new SharedBound<string>({
    limit: 100,
    holders: () => sizes.keys(),
    sizeOf: (holder) => sizes.get(holder) ?? 0,
    evict: (holder) => {
      evicted.push(holder);
      bound.add(-(sizes.get(holder) ?? 0));
    },
  });
  bound.add(90);
  expect(evicted).toEqual([]);
  sizes.set('c', 21);
  bound.add(11);
  expect([evicted, bound.used]).toEqual([['b'], 51]);
});

test('a shared bound evicts no holder when bytes are removed, nor at exactly its limit', () => {
  const evicted: string[] = [];
  const bound = new SharedBound<string>({
    limit: 100,
    holders: () => ['a'],
    sizeOf: () => 200,
    evict: (holder) => evicted.push(holder),
  });
  bound.add(100);
  expect(evicted).toEqual([]);
  bound.add(100);
  expect(evicted).toEqual(['a']);
  bound.add(-50);
  bound.add(0);
  expect([evicted, bound.used]).toEqual([['a'], 150]);
});
