// The subscribers that an event goes to.
import type { EventFilter } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Router } from '#dist/broker/router.js';
import type { Writer } from '#dist/writer/writer.js';
import { ALL, world } from '../support/broadcast.js';

const { writer: newWriter } = world();
const writers = Array.from({ length: 4 }, () => newWriter().writer) as [Writer, Writer, Writer, Writer];
const OF_A: EventFilter = { kind: 'AllEvents', appName: 'a' };
const matched = (router: Router, eventType: string, appName: string | null): Set<Writer> =>
  new Set(router.match(eventType, appName).flatMap((group) => [...group.writers]));

describe('the router', () => {
  test('puts equal filters into one group, and nothing else', () => {
    const router = new Router();
    const filters: EventFilter[] = [OF_A, { kind: 'AllEvents', appName: 'a' }, ALL, { ...ALL, appName: '*' }];
    for (const [index, filter] of filters.entries()) router.add(writers[index] as Writer, filter);
    const groups = writers.map((writer) => router.groupOf(writer));
    expect(groups[0]).toBe(groups[1]);
    expect(new Set(groups).size).toBe(3);
    expect(matched(router, 'x', 'a')).toEqual(new Set([writers[0], writers[1], writers[2]]));
    expect(matched(router, 'x', null)).toEqual(new Set([writers[2]]));
  });

  test('replaces the first filter of a writer by another', () => {
    const router = new Router();
    router.add(writers[0], ALL);
    router.add(writers[0], OF_A);
    expect([router.size, matched(router, 'x', 'b').size, matched(router, 'x', 'a').size]).toEqual([1, 0, 1]);
  });

  test('finds the groups of an event again after a group was added or removed', () => {
    const router = new Router();
    router.add(writers[0], ALL);
    expect(matched(router, 'x', 'a').size).toBe(1);
    router.add(writers[1], OF_A);
    expect(matched(router, 'x', 'a').size).toBe(2);
    router.remove(writers[0]);
    router.remove(writers[0]);
    expect(matched(router, 'x', 'a')).toEqual(new Set([writers[1]]));
    expect([...router.writers]).toEqual([writers[1]]);
  });

  test('distinguishes pairs of event type and app, however they are spelt', () => {
    const router = new Router();
    router.add(writers[0], { kind: 'LogEvents', appName: 'b' });
    expect(matched(router, 'log_line=b', null).size).toBe(0);
    expect(matched(router, 'log_line', 'b').size).toBe(1);
    for (let n = 0; n < 10_000; n += 1) router.match('log_line', `app-${n}`);
    expect(matched(router, 'log_line', 'b').size).toBe(1);
  });

  test('remembers the groups of a bounded number of pairs', () => {
    const router = new Router();
    let looks = 0;
    const filter: EventFilter = {
      get kind() {
        looks += 1;
        return 'AllEvents' as const;
      },
      appName: null,
    };
    router.add(writers[0], filter);
    const found = (appName: string): boolean => {
      const before = looks;
      router.match('log_line', appName);
      return looks > before;
    };
    expect([found('app'), found('app')]).toEqual([true, false]);
    for (let n = 0; n < 5000; n += 1) found(`app-${n}`);
    expect(found('app')).toBe(true);
    // A client may have chosen the name, and a name may be as long as a message.
    expect([found('x'.repeat(300)), found('x'.repeat(300))]).toEqual([true, true]);
  });
});
