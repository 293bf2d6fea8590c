// The credit that main gives back to a publisher in another thread.
import { expect, test } from 'vitest';
import { CreditBack } from '#dist/workers/lanes/credit-back.js';

test('the credit of one turn is told once, and that of the next one apart', async () => {
  const told: number[] = [];
  const { add } = new CreditBack((bytes) => told.push(bytes));
  add(1);
  add(20);
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual([21]);
  add(300);
  await Promise.resolve();
  expect(told).toEqual([21, 300]);
});
