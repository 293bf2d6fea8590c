// How long a Stop waits for the end of an app: as long as its configuration says, and no client or deadline of ours cuts it.
import { expect, test } from 'vitest';
import { milliseconds } from '#dist/supervisor/model/durations.js';
import { COMMAND_TIMEOUT } from '#dist/supervisor/run-daemon.js';
import { configOf, FakeHost, settle } from '../../../support/decide.js';

test('an app may take as long to end as its configuration says, and its Stop is answered then', async () => {
  const host = new FakeHost();
  await host.start('slow', { stop_timeout: { secs: 600, nanos: 0 } });
  let answer: unknown;
  const stopped = host.requests.stop({ name: 'slow', id: 'slow' }, false).then((given) => (answer = given));
  await settle();
  host.clock.advance(599_000);
  await settle();
  expect([answer, host.done]).toEqual([undefined, ['spawn slow', 'SIGTERM slow']]);
  await host.ends('slow', 0);
  await stopped;
  expect(answer).toEqual({ escaped: [], ended: [] });
});

test('a command has time for the longest stop, twice: a Restart of an app may wait for another one', () => {
  const hour = configOf('a', { stop_timeout: { secs: 3600, nanos: 0 } });
  expect(() => configOf('a', { stop_timeout: { secs: 3601, nanos: 0 } })).toThrow('at most an hour');
  expect(COMMAND_TIMEOUT).toBeGreaterThanOrEqual(2 * milliseconds(hour.stop_timeout));
});
