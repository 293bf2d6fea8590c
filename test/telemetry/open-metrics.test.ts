// The statistics as OpenMetrics text: a parser of the test's own checks the format.
import { type DaemonStats, openMetrics } from 'bunctl-ipc';
import { describe, expect, test } from 'vitest';
import { act, testDaemon } from '../support/daemon.js';
import { RawClient } from '../support/raw-client.js';

interface Family {
  type: string;
  unit: string | undefined;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/** Reads OpenMetrics text, and refuses what its grammar does not allow. */
function parse(text: string): Map<string, Family> {
  const lines = text.split('\n');
  expect(lines.slice(-2), 'it ends with # EOF and a newline').toEqual(['# EOF', '']);
  const families = new Map<string, Family>();
  let current: [name: string, family: Family] | undefined;
  const seen = new Set<string>();
  for (const line of lines.slice(0, -2)) {
    const [, keyword, name = '', rest = ''] = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? [];
    if (keyword === 'TYPE') {
      expect(families.has(name), `${name} comes once`).toBe(false);
      current = [name, { type: rest, unit: undefined, help: '', samples: [] }];
      families.set(...current);
    } else if (keyword !== undefined) {
      expect(current?.[0], 'metadata follow their TYPE').toBe(name);
      expect(current?.[1].samples, 'metadata stand before the samples').toEqual([]);
      if (keyword === 'UNIT') expect(name.endsWith(`_${rest}`), 'the name ends with its unit').toBe(true);
      Object.assign(current?.[1] ?? {}, { [keyword.toLowerCase()]: rest });
    } else {
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[\d.]+(?:e[+-]?\d+)?|NaN|[+-]Inf)$/.exec(line);
      expect(sample, line).not.toBeNull();
      const [, sampleName = '', labelText, value] = sample ?? [];
      const [family = '', { type, samples } = { type: '', samples: [] as Family['samples'] }] = current ?? [];
      expect(sampleName, 'samples follow their family').toBe(type === 'counter' ? `${family}_total` : family);
      const labels: Record<string, string> = {};
      const pairs = [...(labelText ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/g)];
      expect(pairs.map(([pair]) => pair).join(''), 'labels are well formed').toBe(labelText ?? '');
      for (const [, label = '', given = ''] of pairs)
        labels[label] = given.replace(/\\(.)/g, (_all, letter) => (letter === 'n' ? '\n' : String(letter)));
      const key = `${sampleName} ${JSON.stringify(Object.entries(labels).sort())}`;
      expect(seen.has(key), `${key} comes once`).toBe(false);
      seen.add(key);
      samples.push({ name: sampleName, labels, value: Number(String(value).replace('Inf', 'Infinity')) });
    }
  }
  return families;
}

describe('openMetrics()', () => {
  test('writes the statistics of a live daemon, every number of them', async () => {
    const { daemon, path } = await testDaemon({ measureLoops: true, workers: { maxThreads: 1 } });
    const client = await RawClient.connect(path);
    await client.request('List');
    await client.request(act('throw', { text: 'x' }));
    const stats = daemon.stats();
    const families = parse(openMetrics(stats));
    const value = (name: string) => families.get(`bunctl_ipc_${name}`)?.samples.map((sample) => sample.value);
    expect(value('connections')).toEqual([1]);
    expect(value('connections_accepted')).toEqual([1]);
    expect(value('commands_received')).toEqual([2]);
    expect(value('commands_timed_out')).toEqual([0]);
    expect(value('lane_deaths')).toEqual([0]);
    expect(families.get('bunctl_ipc_lane_info')?.samples).toEqual([
      { name: 'bunctl_ipc_lane_info', labels: { isolation: 'thread', lane: '1', state: 'ready' }, value: 1 },
    ]);
    expect(families.get('bunctl_ipc_loop_delay_seconds')).toMatchObject({ type: 'summary', unit: 'seconds' });
    expect(families.get('bunctl_ipc_queue_bound_bytes')?.unit).toBe('bytes');
    const bounds = [...families].flatMap(([name, { samples }]) =>
      name.includes('queue_bound') ? samples : [],
    );
    expect(bounds.map(({ labels, value: bound }) => [labels['queue'], bound]).toSorted()).toEqual(
      stats.queues.map(({ queue, bound }) => [queue, bound]).toSorted(),
    );
    for (const { help } of families.values()) expect(help).not.toBe('');
  });

  test('is a pure function of plain data, escapes labels, and writes every number', async () => {
    const { daemon } = await testDaemon({ workers: { maxThreads: 1 } });
    const stats = JSON.parse(JSON.stringify(daemon.stats())) as DaemonStats;
    const odd = 'a "quoted" back\\slash\nnew line';
    const lane = { id: 1, isolation: 'thread', state: odd, inFlight: Infinity, restarts: 1e21 } as const;
    const changed = { ...stats, lanes: [lane], laneDeaths: 2.5 };
    const families = parse(openMetrics(changed));
    expect(families.get('bunctl_ipc_lane_info')?.samples[0]?.labels['state']).toBe(odd);
    expect(families.get('bunctl_ipc_lane_commands')?.samples[0]?.value).toBe(Infinity);
    expect(families.get('bunctl_ipc_lane_restarts')?.samples[0]?.value).toBe(1e21);
    expect(families.get('bunctl_ipc_lane_deaths')?.samples[0]?.value).toBe(2.5);
    expect(openMetrics(changed)).toBe(openMetrics(structuredClone(changed)));
  });
});
