// The original's exchanges, replayed byte for byte against our daemon: what its command sends, what it must get.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAST, sharedManager, startProgram } from '../support/manager.js';
import { hasShell } from '../support/platform.js';
import { either, exits } from '../support/programs.js';
import { frame, RawClient } from '../support/raw-client.js';

interface Exchange {
  readonly what: string;
  readonly send: string;
  readonly get: unknown;
}
const EXCHANGES = JSON.parse(
  readFileSync(new URL('../fixtures/exchanges.json', import.meta.url), 'utf8'),
) as Exchange[];

/** NUMBER stands for any integer, MATCH for a pattern. */
function pattern(value: unknown): unknown {
  if (value === 'NUMBER') return expect.any(Number);
  if (typeof value === 'string' && value.startsWith('MATCH ')) return expect.stringMatching(value.slice(6));
  if (Array.isArray(value)) return value.map(pattern);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([key, one]) => [key, pattern(one)])),
  );
}

const type = (message: unknown): string => {
  const { Event, ...rest } = message as { Event?: { event_type: string; data: { state?: string } } };
  if (!Event) return Object.keys(rest)[0] ?? '';
  return Event.event_type === 'status_change' ? `status_change ${Event.data.state}` : Event.event_type;
};

const manager = sharedManager();

/**
 * Subscribes on a connection of its own, sends a command when `Success` has come, and resolves with that connection and
 * the type of the next message. The daemon holds events back for 100 ms until the command, and a second until its answer: a
 * round in which this machine took longer tells nothing and is repeated. Undefined if all took longer.
 */
async function subscribedThen(subscription: object, command: object) {
  for (let round = 0; round < 50; round += 1) {
    const client = await RawClient.connect(manager.endpoint);
    const began = performance.now();
    client.write(frame(JSON.stringify({ Subscribe: { subscription } })));
    expect(await client.next()).toEqual({ Success: { message: 'Subscribed to events' } });
    client.write(frame(JSON.stringify(command)));
    const sentAfter = performance.now() - began;
    const next = type(await client.next());
    if (sentAfter < 100 && performance.now() - began < 1000) return { client, next };
  }
  return undefined;
}
const TOO_SLOW = 'this machine takes longer than the daemon holds events back';

describe('the original’s command against our daemon', () => {
  // Its app is a program of POSIX systems.
  test.runIf(hasShell)('gets the answers it knows', async () => {
    const client = await RawClient.connect(manager.endpoint);
    const started = EXCHANGES.find(({ send }) => send.startsWith('{"Start"'))?.send ?? '';
    for (const { what, send, get } of EXCHANGES) {
      client.write(frame(send === 'REPEAT' ? started : send));
      const answer = await client.next();
      expect(answer, what).toEqual(pattern(get));
      expect(Object.keys(answer as object), what).toHaveLength(1);
    }
  });

  test('watches statuses: Success, then the answer to Status, and events only after it', async ({ skip }) => {
    const other = await manager.daemon();
    const backoff = { ...FAST, base_delay_ms: 1, max_delay_ms: 1 };
    await other.request(startProgram('loop', exits(1), { backoff }));
    for (let round = 0; round < 5; round += 1) {
      const watching = await subscribedThen({ StatusEvents: { app_name: null } }, { Status: { name: null } });
      if (!watching) return skip(TOO_SLOW);
      expect(watching.next).toBe('Data');
      expect(await watching.client.next()).toHaveProperty('Event');
    }
  });

  test('watches logs: Success, the last ten lines, then each line as an event', async ({ skip }) => {
    const other = await manager.daemon();
    const counts = either(
      'n=0; while :; do n=$((n+1)); echo $n; sleep 0.005; done',
      'let n = 0; setInterval(() => console.log(++n), 5); untilAsked();',
    );
    await other.request(startProgram('a', counts));
    const watching = await subscribedThen(
      { LogEvents: { app_name: 'a' } },
      { Logs: { name: 'a', lines: 10 } },
    );
    if (!watching) return skip(TOO_SLOW);
    const { client, next } = watching;
    expect(next).toBe('Data');
    expect(await client.next()).toMatchObject({
      Event: {
        event_type: 'log_line',
        data: { app: 'a', stream: 'stdout', line: expect.stringMatching(/^\d+$/) as string },
      },
    });
  });

  test('sees each event once, in order: a crash, its restart, a stop', async () => {
    const client = await RawClient.connect(manager.endpoint);
    await client.request({ Subscribe: { subscription: { StatusEvents: { app_name: 'a' } } } });
    const crashesOnce = either(
      'test -e once && sleep 1000; touch once; exit 3',
      `const fs = require('node:fs');
      if (fs.existsSync('once')) untilAsked();
      else fs.writeFileSync('once', ''), process.exit(3);`,
    );
    const began = performance.now();
    client.send(startProgram('A', crashesOnce, { cwd: manager.home, backoff: FAST }));
    const seen = [type(await client.next())];
    // The events are held back for a second at most.
    if (performance.now() - began < 1000) expect(seen).toEqual(['Success']);
    while (seen.at(-1) !== 'status_change running') seen.push(type(await client.next()));
    expect(seen.filter((one) => one === 'Success')).toEqual(['Success']);
    expect(seen.filter((one) => one !== 'Success')).toEqual([
      'process_started',
      'process_exited',
      'status_change crashed',
      'process_restarting',
      'status_change starting',
      'process_started',
      'status_change running',
    ]);
    client.send({ Stop: { name: 'A' } });
    const after = (await client.take(3)).map(type);
    expect(after.filter((one) => one !== 'Success')).toEqual(['process_exited', 'status_change stopped']);
  });
});
