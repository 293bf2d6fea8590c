// The commands of one pipeline that are in a lane.
import { describe, expect, test } from 'vitest';
import type { Command } from '#dist/acceptor/command.js';
import { LaneWindow } from '#dist/acceptor/lane-window.js';
import type { Lane, Lanes } from '#dist/ports.js';

/** Lanes with one lane, which takes every command and gives back every one that `begun` does not have. */
function make() {
  const begun = new Set<unknown>();
  const picks: number[] = [];
  const state = { takes: true, id: 1 };
  const pick = (): Lane => {
    picks.push(state.id);
    return { id: state.id, offer: () => state.takes, recall: (job) => !begun.has(job) };
  };
  const lanes: Lanes = { pick, down: undefined };
  const command = (bytes = 10, own = lanes): Command =>
    ({ payload: Buffer.alloc(bytes), lanes: own }) as unknown as Command;
  return { begun, picks, state, lanes, command, window: new LaneWindow() };
}
const KIB = 1024;

describe('the commands in a lane', () => {
  test('are 1024 at most', () => {
    const { window, command } = make();
    for (let n = 0; n < 1024; n += 1) expect(window.give(command(1))).toBe(true);
    expect([window.give(command(1)), window.length]).toEqual([false, 1024]);
  });

  test('are 256 KiB at most, unless the first alone is larger', () => {
    const { window, command } = make();
    expect(window.give(command(128 * KIB))).toBe(true);
    expect([window.fits(command(128 * KIB + 1)), window.fits(command(128 * KIB))]).toEqual([false, true]);
    expect([window.give(command(128 * KIB)), window.length, window.bytes]).toEqual([true, 2, 256 * KIB]);
    const other = make();
    expect(other.window.give(other.command(300 * KIB))).toBe(true);
    expect(other.window.give(other.command(1))).toBe(false);
  });

  test('are all for the same lanes', () => {
    const { window, command, lanes } = make();
    const elsewhere: Lanes = { ...lanes };
    const one = command();
    window.give(one);
    expect([window.give(command(1, elsewhere)), window.give(command())]).toEqual([false, true]);
    window.takeBack(0);
    expect(window.give(command(1, elsewhere))).toBe(true);
  });

  test('stay with their lane until none is left', () => {
    const { window, command, picks, state } = make();
    const [one, two] = [command(), command()];
    window.give(one);
    state.id = 2;
    window.give(two);
    window.remove(one);
    window.give(command());
    expect(picks).toEqual([1]);
    window.takeBack(0);
    window.give(command());
    expect(picks).toEqual([1, 2]);
  });

  test('are counted only if the lane takes them', () => {
    const { window, command, state } = make();
    state.takes = false;
    expect([window.give(command()), window.length, window.bytes]).toEqual([false, 0, 0]);
    const nowhere = { pick: () => undefined, down: undefined };
    expect(window.give(command(10, nowhere))).toBe(false);
  });

  test('are taken back in order, down to the ones that have begun or are to stay', () => {
    const { window, command, begun } = make();
    const [one, two, three] = [command(1), command(10), command(100)];
    for (const each of [one, two, three]) window.give(each);
    begun.add(two);
    expect([window.takeBack(0), window.bytes, window.length]).toEqual([[three], 11, 2]);
    begun.clear();
    expect(window.takeBack(2)).toEqual([]);
    expect([window.takeBack(1), window.bytes]).toEqual([[two], 1]);
    window.give(two);
    expect([window.takeBack(0), window.bytes, window.length]).toEqual([[one, two], 0, 0]);
  });

  test('are removed one by one, in any order, and each once', () => {
    const { window, command } = make();
    const [one, two, three] = [command(1), command(10), command(100)];
    for (const each of [one, two, three]) window.give(each);
    expect([window.remove(two), window.remove(two), window.remove(command())]).toEqual([true, false, false]);
    expect([window.length, window.bytes]).toEqual([2, 101]);
    expect([window.remove(one), window.bytes, window.takeBack(0)]).toEqual([true, 100, [three]]);
  });

  test('are one when others need the capacity, and twice as many with each answer', () => {
    const { window, command } = make();
    const [one, two] = [command(), command()];
    window.give(one);
    window.narrow();
    expect(window.give(two)).toBe(false);
    window.remove(one);
    expect([window.give(one), window.give(two), window.give(command())]).toEqual([true, true, false]);
  });
});
