// The clock of a frame, driven with the test's own clock.
import { describe, expect, test } from 'vitest';
import { FrameClock } from '#dist/acceptor/frame-clock.js';
import { FakeClock } from '../support/fake-clock.js';

function frameClock() {
  const clock = new FakeClock();
  return { clock, frame: new FrameClock(clock) };
}

describe('the clock of a frame', () => {
  test('runs from the frame’s beginning to its end', () => {
    const { clock, frame } = frameClock();
    clock.advance(100);
    expect(frame.age).toBe(0);
    frame.begin();
    clock.advance(30);
    frame.begin();
    expect(frame.age).toBe(30);
    frame.end();
    expect(frame.age).toBe(0);
  });

  test('stands still during a pause, in which a frame may begin', () => {
    const { clock, frame } = frameClock();
    frame.begin();
    clock.advance(10);
    frame.pause();
    clock.advance(1000);
    frame.pause();
    clock.advance(1000);
    expect(frame.age).toBe(0);
    frame.resume();
    expect(frame.age).toBe(10);
    frame.end();
    frame.pause();
    clock.advance(500);
    frame.begin();
    clock.advance(500);
    frame.resume();
    expect(frame.age).toBe(0);
    frame.resume();
    clock.advance(5);
    expect(frame.age).toBe(5);
  });

  test('does not count the time in which the process was stopped, nor run backwards', () => {
    const { clock, frame } = frameClock();
    frame.excuse(50);
    frame.begin();
    clock.advance(100);
    frame.excuse(60);
    expect(frame.age).toBe(40);
    frame.excuse(1000);
    expect(frame.age).toBe(0);
    clock.advance(7);
    expect(frame.age).toBe(7);
    frame.pause();
    clock.advance(100);
    frame.excuse(100);
    frame.resume();
    expect(frame.age).toBe(7);
  });
});
