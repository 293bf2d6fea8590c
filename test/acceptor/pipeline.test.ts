// The commands of one connection, driven with the test's own lanes and writer.
import { encodeFrame, IpcError } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import type { Job } from '#dist/ports.js';
import { connected, FakeWriter, send } from './support.js';

describe('a pipeline', () => {
  test('stays with its lane while any command is in flight, and only then', () => {
    const { socket, lanes, state } = connected();
    send(socket, 'a');
    state.pick = lanes[1];
    send(socket, 'b');
    expect([lanes[0].texts.join(''), lanes[1].texts.join('')]).toEqual(['ab', '']);
    lanes[0].answer();
    lanes[0].answer();
    send(socket, 'c');
    expect(lanes[1].texts.join('')).toBe('c');
  });

  test('begins no command above its bound of responses, and takes back, in order, the commands that have not begun', () => {
    const { socket, lanes, writer, pipeline } = connected();
    send(socket, 'a', 'b', 'c');
    lanes[0].begun = 1;
    writer.congested = true;
    pipeline.respond(encodeFrame('large'));
    expect(lanes[0].texts.join('')).toBe('a');
    lanes[0].answer();
    send(socket, 'd');
    expect(lanes[0].texts).toEqual([]);
    writer.congested = false;
    pipeline.pump();
    expect(lanes[0].texts.join('')).toBe('bcd');
  });

  test('keeps only its first command in its lane when others need the capacity, and gets more as answers come', () => {
    const { socket, lanes, pipeline } = connected({ maxInFlight: 100 });
    send(socket, 'a', 'b', 'c', 'd', 'e', 'f');
    lanes[0].begun = 1;
    pipeline.yieldCapacity();
    expect(lanes[0].texts.join('')).toBe('a');
    send(socket, 'g');
    expect(lanes[0].texts.join('')).toBe('a');
    lanes[0].answer();
    expect(lanes[0].texts.join('')).toBe('bc');
    lanes[0].answer();
    expect(lanes[0].texts.join('')).toBe('cdef');
  });

  test('has at most 256 KiB of requests in its lane, not counting the first', () => {
    const { socket, lanes } = connected({ maxMessageSize: 1024 * 1024 });
    send(socket, 'x'.repeat(500_000), 'y'.repeat(100_000), 'z'.repeat(200_000), 'w');
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('x');
    lanes[0].answer();
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('y');
    lanes[0].answer();
    expect(lanes[0].texts.map(([letter]) => letter).join('')).toBe('zw');
  });

  test('waits if no lane has capacity, and tries again when a lane has', () => {
    const { socket, state, lanes, dispatcher } = connected();
    state.pick = undefined;
    send(socket, 'a', 'b');
    expect(lanes[0].texts).toEqual([]);
    state.pick = lanes[0];
    dispatcher.capacityFreed();
    expect(lanes[0].texts.join('')).toBe('ab');
  });

  test('keeps its order when its lane has capacity again before it was asked to try', () => {
    const { socket, lanes, dispatcher } = connected();
    lanes[0].capacity = 1;
    send(socket, 'a', 'b');
    lanes[0].capacity = 3;
    send(socket, 'c');
    expect(lanes[0].texts).toEqual(['a']);
    dispatcher.capacityFreed();
    expect(lanes[0].texts).toEqual(['a', 'b', 'c']);
  });

  test('keeps its order when some commands wait and others are taken back', () => {
    const { socket, lanes, writer, pipeline } = connected();
    lanes[0].capacity = 3;
    lanes[0].begun = 1;
    send(socket, 'a', 'b', 'c', 'd');
    writer.congested = true;
    pipeline.respond(encodeFrame('large'));
    expect(lanes[0].texts).toEqual(['a']);
    writer.congested = false;
    lanes[0].capacity = 4;
    pipeline.pump();
    expect(lanes[0].texts).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is served first if it has waited longest for a lane', () => {
    const { state, lanes, dispatcher } = connected();
    state.pick = undefined;
    const owner = {
      onProgress: () => undefined,
      onFinished: () => undefined,
      onCut: () => undefined,
      onQueuedBytes: () => undefined,
      onFault: () => undefined,
    };
    for (const text of ['first', 'second', 'third'])
      dispatcher.open(2, owner, () => new FakeWriter()).submit(Buffer.from(text));
    state.pick = lanes[0];
    dispatcher.capacityFreed();
    expect(lanes[0].texts).toEqual(['first', 'second', 'third']);
  });

  test('tells the writer about every command, and after Subscribe again about those that came with it', () => {
    const { socket, writer, lanes } = connected();
    send(socket, 'subscribe', 'next');
    lanes[0].jobs.shift()?.subscribe('{}');
    expect(writer.told).toEqual(['command', 'command', 'subscribed', 'command']);
    lanes[0].answer();
    writer.told = [];
    send(socket, 'subscribe');
    lanes[0].jobs.shift()?.subscribe('{}');
    expect(writer.told).toEqual(['command', 'subscribed']);
  });

  test('counts the commands that were answered with an Error of the daemon’s own', () => {
    const { socket, writer, lanes, dispatcher } = connected();
    send(socket, 'a', 'b');
    lanes[0].jobs.shift()?.failed(new IpcError('COMMAND_OUTCOME_UNKNOWN'));
    lanes[0].answer();
    expect(writer.responses[0]).toContain('may or may not have taken effect');
    expect(dispatcher.counters).toEqual({ received: 2, answered: 2, failed: 1, timedOut: 0 });
  });

  test('that throws does not prevent the others from reaching their lanes', () => {
    const broken = connected();
    const { dispatcher, state, lanes, faults } = broken;
    state.pick = undefined;
    send(broken.socket, 'mine');
    const told: unknown[] = [];
    const owner = {
      onProgress: () => undefined,
      onFinished: () => undefined,
      onCut: () => undefined,
      onQueuedBytes: () => undefined,
      onFault: (error: unknown) => told.push(error),
    };
    dispatcher.open(2, owner, () => new FakeWriter()).submit(Buffer.from('theirs'));
    state.pick = {
      id: 3,
      offer: (job) => {
        if (job.origin.connectionId === 1) throw new TypeError('mine fails');
        return lanes[0].offer(job);
      },
      recall: () => false,
    };
    dispatcher.capacityFreed();
    expect(lanes[0].texts).toEqual(['theirs']);
    expect([faults, told]).toEqual([[new TypeError('mine fails')], []]);
  });

  test.each<[string, (job: Job) => void]>([
    ['an answer', (job) => job.answered()],
    ['a response', (job) => job.origin.respond(encodeFrame('x'))],
    ['a failure', (job) => job.failed(new IpcError('COMMAND_FAILED'))],
    ['a subscription', (job) => job.subscribe('not JSON')],
    ['a call for its capacity', (job) => job.origin.yieldCapacity()],
    ['a recall', (job) => job.origin.recall()],
  ])('never throws into the lane that brings it %s', (_what, bring) => {
    const { socket, lanes, writer, faults } = connected();
    send(socket, 'a', 'b');
    const [, second] = lanes[0].jobs;
    const fails = (): never => {
      throw new TypeError('broken');
    };
    writer.respond = fails;
    lanes[0].recall = fails;
    lanes[0].offer = fails;
    Object.defineProperty(writer, 'congested', { get: fails });
    bring(second as Job);
    send(socket, 'c');
    expect(faults.length).toBeGreaterThan(0);
  });
});
