// Whether the flow waits for one subscriber.
import { describe, expect, test } from 'vitest';
import { Flow } from '#dist/writer/flow.js';

describe('the flow', () => {
  const marks = { highWater: 100, lowWater: 20 };

  test('waits from the high-water mark until less than the low-water mark is left', () => {
    const flow = new Flow(marks);
    expect([flow.grown(99), flow.waits]).toEqual([false, false]);
    expect([flow.grown(100), flow.waits]).toEqual([true, true]);
    expect([flow.shrunk(20), flow.waits]).toEqual([false, true]);
    expect([flow.shrunk(19), flow.waits]).toEqual([true, false]);
    expect(flow.shrunk(0)).toBe(false);
  });

  test('does not wait for a subscriber that is behind, until it has drained', () => {
    const flow = new Flow(marks);
    flow.grown(100);
    flow.fallBehind();
    expect([flow.waits, flow.behind, flow.grown(500)]).toEqual([false, true, false]);
    expect([flow.shrunk(20), flow.behind]).toEqual([false, true]);
    expect([flow.shrunk(19), flow.behind, flow.waits]).toEqual([true, false, false]);
    expect([flow.grown(100), flow.waits]).toEqual([true, true]);
  });

  test('forgets how long it has waited only when the subscriber has drained', () => {
    const flow = new Flow(marks);
    flow.grown(100);
    Object.assign(flow.stall, { grace: 5, total: 7 });
    flow.shrunk(20);
    expect(flow.stall).toEqual({ grace: 5, total: 7 });
    flow.shrunk(19);
    expect(flow.stall).toEqual({ grace: 0, total: 0 });
  });
});
