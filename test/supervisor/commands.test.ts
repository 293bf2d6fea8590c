// The original's exchanges, replayed byte for byte against our daemon: what its command sends, what it must get.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAST, sharedManager, start } from '../support/manager.js';
import { frame, RawClient } from '../support/raw-client.js';
import { hasShell } from '../support/platform.js';

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

describe.skipIf(!hasShell)('the original’s command against our daemon', () => {
  test('gets the answers it knows', async () => {
    const client = await RawClient.connect(manager.socket);
    const started = EXCHANGES.find(({ send }) => send.startsWith('{"Start"'))?.send ?? '';
    for (const { what, send, get } of EXCHANGES) {
      client.write(frame(send === 'REPEAT' ? started : send));
      const answer = await client.next();
      expect(answer, what).toEqual(pattern(get));
      expect(Object.keys(answer as object), what).toHaveLength(1);
    }
  });

  test('watches statuses: Success, then the answer to Status, and events only after it', async () => {
    const other = await manager.daemon();
    await other.request(start('loop', 'exit 1', { backoff: { ...FAST, base_delay_ms: 1, max_delay_ms: 1 } }));
    const client = await RawClient.connect(manager.socket);
    for (let round = 0; round < 5; round += 1) {
      const watcher = round === 0 ? client : await RawClient.connect(manager.socket);
      watcher.write(frame('{"Subscribe":{"subscription":{"StatusEvents":{"app_name":null}}}}'));
      expect(await watcher.next()).toEqual({ Success: { message: 'Subscribed to events' } });
      watcher.write(frame('{"Status":{"name":null}}'));
      expect(type(await watcher.next())).toBe('Data');
      expect(await watcher.next()).toHaveProperty('Event');
    }
  });

  test('watches logs: Success, the last ten lines, then each line as an event', async () => {
    const other = await manager.daemon();
    await other.request(start('a', 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.005; done'));
    const client = await RawClient.connect(manager.socket);
    client.write(frame('{"Subscribe":{"subscription":{"LogEvents":{"app_name":"a"}}}}'));
    expect(type(await client.next())).toBe('Success');
    client.write(frame('{"Logs":{"name":"a","lines":10}}'));
    expect(type(await client.next())).toBe('Data');
    expect(await client.next()).toMatchObject({
      Event: {
        event_type: 'log_line',
        data: { app: 'a', stream: 'stdout', line: expect.stringMatching(/^\d+$/) as string },
      },
    });
  });

  test('sees each event once, in order: a crash, its restart, a stop', async () => {
    const client = await RawClient.connect(manager.socket);
    await client.request({ Subscribe: { subscription: { StatusEvents: { app_name: 'a' } } } });
    client.send(
      start('A', 'test -e once && sleep 1000; touch once; exit 3', { cwd: manager.home, backoff: FAST }),
    );
    const seen: string[] = [];
    while (seen.at(-1) !== 'status_change running') seen.push(type(await client.next()));
    expect(seen).toEqual([
      'Success',
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
