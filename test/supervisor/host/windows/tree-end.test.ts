// How an app ends on Windows: asked first, killed with its descendants, and never by a number alone.
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { TreeEnd } from '#dist/supervisor/host/windows/tree-end.js';
import { until } from '../../../support/until.js';

const LEADER = { pid: 7, startTime: '100', bootId: null, held: 'C:\\held\\a.1' };

function treeOf({ found = '100', killable = true }: { found?: string | null; killable?: boolean } = {}) {
  const state = { held: true };
  const tree = {
    endTree: vi.fn(async () => killable),
    startTimeOf: vi.fn(async () => found),
    isHeld: () => state.held,
  };
  return { state, tree };
}

function childOf(connected: boolean) {
  const killed = vi.fn();
  const made = { connected, send: vi.fn(), kill: killed, stdin: { end: vi.fn() } };
  return { child: Object.assign(new EventEmitter(), made) as unknown as ChildProcess, ...made, killed };
}

test('a Node app is asked by the message that pm2 sends, any other by the end of its stdin; neither is killed', () => {
  for (const connected of [true, false]) {
    const { tree } = treeOf();
    const { child, send, stdin } = childOf(connected);
    expect(new TreeEnd(LEADER, child, tree).ask()).toBe(true);
    expect(send.mock.calls.map(([message]) => message as string)).toEqual(connected ? ['shutdown'] : []);
    expect(stdin.end).toHaveBeenCalledOnce();
    expect(tree.endTree).not.toHaveBeenCalled();
  }
});

test('a child is killed with its descendants; alone where that fails', async () => {
  for (const killable of [true, false]) {
    const { tree } = treeOf({ killable });
    const { child, killed } = childOf(true);
    new TreeEnd(LEADER, child, tree).kill();
    expect(tree.endTree).toHaveBeenCalledWith(7);
    await until(() => killed.mock.calls.length === (killable ? 0 : 1), 'it is killed alone');
  }
});

test('an adopted process whose creation time is the recorded one is killed', async () => {
  const { tree } = treeOf();
  const end = new TreeEnd(LEADER, undefined, tree);
  expect(end.ask()).toBe(true);
  await until(() => tree.endTree.mock.calls.length === 1, 'it is killed');
  expect(end.whyItLives()).toBeNull();
});

test.each([
  ['another process has its number', LEADER, { found: '101' }, true],
  ['no process tells its creation time', LEADER, { found: null }, true],
  ['the record has no creation time', { ...LEADER, startTime: null }, { found: '100' }, true],
  ['its file is free', LEADER, { found: '100' }, false],
])(
  'an adopted process is not killed when %s, and the reason says what to do',
  async (_when, leader, tells, held) => {
    const { tree, state } = treeOf(tells);
    state.held = held;
    const end = new TreeEnd(leader, undefined, tree);
    end.kill();
    await until(() => end.whyItLives() !== null, 'the reason is known');
    expect(tree.endTree).not.toHaveBeenCalled();
    expect(end.whyItLives()).toMatch(/nothing proves.*taskkill \/PID 7 \/T \/F/);
  },
);

test('an app is gone when nobody holds its file any more, and not with its own process', async () => {
  const { tree, state } = treeOf();
  const end = new TreeEnd(LEADER, childOf(true).child, tree);
  const gone = vi.fn();
  end.leaderEnded(gone);
  expect(gone).not.toHaveBeenCalled();
  expect(end.kill()).toBe(true);
  expect(tree.endTree).not.toHaveBeenCalled();
  expect(end.whyItLives()).toMatch(/a process that it had started still runs/);
  state.held = false;
  await until(() => gone.mock.calls.length > 0, 'it is gone');
  expect(gone).toHaveBeenCalledOnce();
});
