// The signals that end the daemon, by system, and which of them count as another one.
import { expect, onTestFinished, test } from 'vitest';
import { catchEndSignals } from '#dist/supervisor/end-signals.js';
import { FakeClock } from '../support/fake-clock.js';

/** The signals of this process are caught until the test ends. */
function caught(...args: Parameters<typeof catchEndSignals>) {
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'] as const;
  const before = names.map((name) => [name, process.listeners(name)] as const);
  onTestFinished(() => {
    for (const [name, known] of before)
      for (const listener of process.listeners(name))
        if (!known.includes(listener)) process.off(name, listener);
  });
  return catchEndSignals(...args);
}

test.each([
  ['win32', 'SIGBREAK', true],
  ['win32', 'SIGHUP', true],
  ['linux', 'SIGHUP', false],
] as const)('on %s, %s ends the daemon: %s', (platform, signal, ends) => {
  const signals = caught(platform);
  process.emit(signal);
  expect(signals.received()).toBe(ends);
});

test('copies of one signal are one request: only a signal 300 ms after the first is a second one', () => {
  const clock = new FakeClock();
  const signals = caught('linux', () => clock.now());
  let seconds = 0;
  signals.onSecond(() => (seconds += 1));
  process.emit('SIGTERM');
  // As `timeout` sends it to its child and then to its group, and npm beside the terminal.
  process.emit('SIGTERM');
  clock.advance(299);
  process.emit('SIGINT');
  expect([signals.received(), seconds]).toEqual([true, 0]);
  clock.advance(1);
  process.emit('SIGTERM');
  expect(seconds).toBe(1);
});

test('a signal beside a request to end is the same request', () => {
  const clock = new FakeClock();
  const signals = caught('linux', () => clock.now());
  let seconds = 0;
  signals.onSecond(() => (seconds += 1));
  signals.request();
  process.emit('SIGTERM');
  expect(seconds).toBe(0);
  clock.advance(200);
  // It does not begin the time anew.
  signals.request();
  clock.advance(100);
  process.emit('SIGTERM');
  expect(seconds).toBe(1);
});
