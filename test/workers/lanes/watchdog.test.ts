// The watchdog judges from a counter and a clock whether a lane's loop turns.
import { describe, expect, test } from 'vitest';
import { Watchdog } from '#dist/workers/lanes/watchdog.js';

describe('the watchdog', () => {
  test('asks a lane that has work, and treats it as late after 100 ms and as dead after its time limit', () => {
    const watchdog = new Watchdog(1000, () => 0);
    expect(watchdog.look(50, true)).toBe('ask');
    expect(watchdog.late).toBe(false);
    expect(watchdog.look(50, true)).toBe('wait');
    expect(watchdog.late).toBe(true);
    expect(watchdog.look(850, true)).toBe('wait');
    expect(watchdog.look(50, true)).toBe('dead');
  });

  test('forgets the lateness when the loop turns', () => {
    let beats = 0;
    const watchdog = new Watchdog(1000, () => beats);
    watchdog.look(50, true);
    watchdog.look(900, true);
    beats += 1;
    expect(watchdog.look(500, true)).toBe('wait');
    expect([watchdog.late, watchdog.silent]).toEqual([false, 0]);
    expect(watchdog.look(50, true)).toBe('ask');
  });

  test('leaves an idle lane asleep, however long', () => {
    const watchdog = new Watchdog(1000, () => 0);
    for (let look = 0; look < 100; look += 1) expect(watchdog.look(1000, false)).toBe('wait');
    expect(watchdog.late).toBe(false);
  });

  test('goes on watching a lane that was asked and then lost its work', () => {
    const watchdog = new Watchdog(1000, () => 0);
    watchdog.look(50, true);
    expect(watchdog.look(1000, false)).toBe('dead');
  });
});
