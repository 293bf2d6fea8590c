// What is sent to the supervisor of what was written: each line, or its number.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineFeed } from '#dist/supervisor/keeper/line-feed.js';
import type { Written } from '#dist/supervisor/model/keeper-messages.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function feed() {
  const sent: Written[] = [];
  const reader = { ready: true };
  const made = new LineFeed();
  made.target = { ready: () => reader.ready, send: (written) => sent.push(written) };
  const print = (id: string, text: string): void =>
    made.take({ id, stream: null, text, end: 0, generation: 0, begins: false });
  const counted = (): number =>
    sent.reduce((sum, { skipped, text }) => sum + skipped + text.split('\n').length - 1, 0);
  return { made, sent, reader, print, counted };
}

test('a flood is cut at its budget and counted, and takes nothing from another app', () => {
  const { sent, print, counted } = feed();
  const piece = `${'x'.repeat(1023)}\n`.repeat(1024);
  for (let n = 0; n < 20; n += 1) print('flood', piece);
  print('quiet', 'a line\n');
  const texts = sent.filter(({ id, text }) => id === 'flood' && text !== '');
  expect(texts.length).toBe(8);
  expect(sent.at(-1)).toMatchObject({ id: 'quiet', text: 'a line\n', skipped: 0 });
  vi.advanceTimersByTime(1000);
  expect(counted()).toBe(20 * 1024 + 1);
});

test('what was skipped is told with the next text, or soon, also of an app that has ended', () => {
  const { made, sent, reader, print, counted } = feed();
  reader.ready = false;
  print('a', '1\n2\n');
  print('b', '1\n');
  made.forget('b');
  reader.ready = true;
  print('a', '3\n');
  expect(sent).toMatchObject([{ id: 'a', text: '3\n', skipped: 2 }]);
  vi.advanceTimersByTime(1000);
  expect(sent[1]).toMatchObject({ id: 'b', text: '', skipped: 1 });
  expect(counted()).toBe(4);
});

test('a piece without a line end that was not sent is told with the next text of its stream', () => {
  const { made, sent, reader } = feed();
  const print = (stream: 'stdout' | 'stderr', text: string): void =>
    made.take({ id: 'a', stream, text, end: 0, generation: 0, begins: false });
  print('stdout', 'begun ');
  reader.ready = false;
  print('stdout', 'and gone on ');
  reader.ready = true;
  made.forget('a');
  print('stderr', 'whole\n');
  print('stdout', 'and ended\n');
  print('stdout', 'whole\n');
  expect(sent.map(({ stream, gap, skipped }) => [stream, gap, skipped])).toEqual([
    ['stdout', false, 0],
    ['stderr', false, 0],
    ['stdout', true, 0],
    ['stdout', false, 0],
  ]);
});

test('another reader is told that it does not know the beginning of a line', () => {
  const { made, sent, print } = feed();
  print('a', 'whole\n');
  print('b', 'begun ');
  made.target = { ready: () => true, send: (written) => sent.push(written) };
  print('a', 'whole\n');
  print('b', 'ended\n');
  expect(sent.map(({ id, gap }) => [id, gap])).toEqual([
    ['a', false],
    ['b', false],
    ['a', false],
    ['b', true],
  ]);
});
