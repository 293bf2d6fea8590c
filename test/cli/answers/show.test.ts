// How an app is shown to people.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { details, duration, stateWord } from '#dist/cli/answers/show.js';
import type { AppStatus } from '#dist/cli/answers/wire.js';

describe('the status of an app', () => {
  const app: AppStatus = {
    name: 'a',
    state: 'Running',
    pid: 7,
    restarts: 2,
    command: 'node',
    args: ['a.js'],
    uptime_seconds: 90_061,
    memory_bytes: 3 * 1024 * 1024,
    env: { PORT: '80', DATABASE_URL: '***' },
  };

  test('shows its state in a word', () => {
    vi.stubEnv('NO_COLOR', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const word = (state: string, backoff_exhausted = false) =>
      stateWord({ ...app, state, backoff_exhausted });
    expect(word('Backoff { attempt: 1, next_retry_ms: 5 }')).toBe('restarting');
    expect(['Running', 'Starting', 'Stopping', 'Stopped'].map((state) => word(state))).toEqual([
      'running',
      'starting',
      'stopping',
      'stopped',
    ]);
    expect(word('Stopped', true)).toBe('given up');
  });

  test('has the words of --restart for its policy', () => {
    const policy = (restart_policy: string) => /policy +(.*)/.exec(details({ ...app, restart_policy }))?.[1];
    expect(['No', 'Always', 'OnFailure', 'UnlessStopped'].map(policy)).toEqual([
      'no',
      'always',
      'on-failure',
      'unless-stopped',
    ]);
  });

  test('never has a sequence of the terminal in what it shows', () => {
    const evil = '\u001b]0;owned\u0007';
    const shown = details({
      ...app,
      name: evil,
      cwd: `/${evil}`,
      command: evil,
      restart_policy: evil,
      log_files: { stdout: `/out${evil}`, stderr: `/err${evil}` },
      env: { [`A${evil}`]: evil },
      env_names: [evil],
      environment_names: [evil],
      source: evil,
    });
    // oxlint-disable-next-line no-control-regex -- control characters are what is searched for
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001a\u001c-\u001f]|\u001b(?!\[[\d;]*m)/);
    expect(shown).toContain('/out');
  });

  test('shows everything known, also that its end was not observed, but no masked value', () => {
    vi.stubEnv('NO_COLOR', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const running = details(app);
    for (const part of ['running', '7', '1d 1h', '3.0 MB', 'node a.js', 'PORT       80'])
      expect(running).toContain(part);
    expect(running).not.toMatch(/\*\*\*|DATABASE|last exit/);
    const ended = { ...app, state: 'Stopped', pid: null, uptime_seconds: null };
    expect(details({ ...ended, last_exit_code: null, last_exit_unknown: true })).toContain(
      'unknown (the daemon that had started it was gone)',
    );
    expect(details({ ...ended, last_exit_code: null, last_exit_signal: 'SIGKILL' })).toContain('SIGKILL');
    expect(details({ ...ended, last_exit_code: 3 })).toMatch(/last exit +3$/m);
    const waiting = {
      ...ended,
      state: 'Backoff { attempt: 6, next_retry_ms: 640 }',
      last_error: 'not there',
    };
    expect(details(waiting)).toMatch(/state +restarting in 0\.6 s \(attempt 6\)\n +error +not there/);
    const due = { ...waiting, state: 'Backoff { attempt: 6, next_retry_ms: 0 }' };
    expect(details(due)).toMatch(/state +restarting now \(attempt 6\)\n/);
    const first = { ...due, state: 'Backoff { attempt: 1, next_retry_ms: 0 }' };
    expect(details({ ...first, escaped: [7] })).toMatch(/state +restarting now \(attempt 1\)\n/);
    expect(details({ ...due, escaped: [7] })).toMatch(
      /state +restarting \(attempt 6\) when what is left over has ended\n/,
    );
    expect(details({ ...app, memory_bytes: 3 * 1024 ** 3, max_memory: 512 * 1024 ** 2 })).toContain(
      '3.0 GB; all its processes together may hold 512.0 MB',
    );
  });

  test.each([
    [59, '59s'],
    [61, '1m 1s'],
    [3_660, '1h 1m'],
    [90_061, '1d 1h'],
    [null, '-'],
  ])('shows %s seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
