// An app's status as the wire has it: its times are durations, which no setting of the clock changes.
import { expect, test } from 'vitest';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { type AppState, STOPPED } from '#dist/supervisor/model/app-state.js';
import type { AppSnapshot } from '#dist/supervisor/model/messages.js';
import { stateFiles } from '#dist/supervisor/state/paths.js';
import { appStatus } from '#dist/supervisor/status.js';

const HOUR = 3_600_000;
const USAGE = { memoryBytes: 1, cpuPercent: 0, processes: 1 };

const snapshot = (state: Partial<AppState>, more: Partial<AppSnapshot> = {}): AppSnapshot => ({
  id: 'a',
  intoFiles: false,
  config: parseAppConfig('{"name":"a","command":"x","cwd":"/"}'),
  state: { ...STOPPED, ...state },
  source: null,
  mode: null,
  environmentNames: null,
  escaped: [],
  retryIn: null,
  usage: null,
  ...more,
});
const statusAt = (now: number, app: AppSnapshot) => appStatus(app, stateFiles('/s'), now);

test.each([-2 * HOUR, 0, 2 * HOUR])(
  'an app has run for five seconds, also after the clock was set by %d ms',
  (jump) => {
    const running = { status: 'Running', pid: 7, startedAt: 1000 } as const;
    const app = snapshot(running, { usage: { ...USAGE, ageMs: 5000 } });
    expect(statusAt(6000 + jump, app).uptime_seconds).toBe(5);
    // Without /proc only the clock tells.
    expect(statusAt(6000, snapshot(running)).uptime_seconds).toBe(5);
  },
);

test.each([-2 * HOUR, 0, 2 * HOUR])(
  'an app is tried again in 700 ms, also after the clock was set by %d ms',
  (jump) => {
    const waiting = { status: 'Backoff', attempt: 3, retryAt: 1700 } as const;
    expect(statusAt(1000 + jump, snapshot(waiting, { retryIn: 699.6 })).state).toBe(
      'Backoff { attempt: 3, next_retry_ms: 700 }',
    );
  },
);
