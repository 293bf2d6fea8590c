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
    made.take({ id, stream: null, text, end: 0, generation: 0 });
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
