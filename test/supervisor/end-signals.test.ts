// The signals that end the daemon, by system.
import { expect, onTestFinished, test } from 'vitest';
import { catchEndSignals } from '#dist/supervisor/end-signals.js';

test.each([
  ['win32', 'SIGBREAK', true],
  ['win32', 'SIGHUP', true],
  ['linux', 'SIGHUP', false],
] as const)('on %s, %s ends the daemon: %s', (platform, signal, ends) => {
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'] as const;
  const before = names.map((name) => [name, process.listeners(name)] as const);
  onTestFinished(() => {
    for (const [name, known] of before)
      for (const listener of process.listeners(name))
        if (!known.includes(listener)) process.off(name, listener);
  });
  const signals = catchEndSignals(platform);
  process.emit(signal);
  expect(signals.received()).toBe(ends);
});
