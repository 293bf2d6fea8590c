// The commands of one connection, driven with the test's own lanes and writer.
import { encodeFrame, IpcError } from 'bunctl-ipc/protocol';
import { describe, expect, test } from 'vitest';
import { Pipeline } from '#dist/acceptor/pipeline.js';
import type { WriterHooks } from '#dist/acceptor/ports.js';
import type { Job, Lane, Lanes } from '#dist/ports.js';
import { connected, FakeLane, FakeWriter, send } from './support.js';

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

/** A pipeline on its own; `news` is what its context and its connection were told since the last time. */
function alone() {
  const lanes = [new FakeLane(1), new FakeLane(2)] as const;
  const told: string[] = [];
  const reports: WriterHooks[] = [];
  const state = { pick: lanes[0] as Lane | undefined, down: undefined as IpcError | undefined };
  const writer = new FakeWriter();
  const counters = { received: 0, answered: 0, failed: 0, timedOut: 0 };
  const all = {
    pick: () => state.pick,
    get down() {
      return state.down;
    },
  };
  /** Commands that begin with `2` are for the second lane. */
  const second: Lanes = { pick: () => lanes[1], down: undefined };
  const of = (payload: Uint8Array): Lanes => (payload[0] === 50 ? second : all);
  const text = (frames: Uint8Array): string => Buffer.from(frames.subarray(4)).toString();
  const pipeline = new Pipeline<FakeWriter>(
    3,
    {
      lanes: { ...all, of },
      subscriptions: {
        subscribe: (_writer, filter, success) =>
          void told.push(`subscribe ${JSON.stringify(filter)} ${text(success)}`),
        unsubscribe: (_writer, success) => void told.push(`unsubscribe ${text(success)}`),
        remove: () => void told.push('removed'),
      },
      counters,
      tell: (what, fields) => void told.push(`${what} ${JSON.stringify(fields)}`),
      countFailed: ({ connectionId }, timedOut) =>
        void told.push(`${connectionId} ${timedOut ? 'timed out' : 'failed'}`),
      waitForLane: () => void told.push('waits'),
      forget: () => void told.push('forgotten'),
    },
    {
      onProgress: () => void told.push('progress'),
      onFinished: () => void told.push('finished'),
      onCut: () => void told.push('cut'),
      onQueuedBytes: (delta) => void told.push(`${delta} bytes`),
      onFault: (error) => void told.push(`fault ${(error as Error).message}`),
    },
    (hooks) => {
      reports.push(hooks);
      return writer;
    },
  );
  const [hooks] = reports as [WriterHooks];
  const submit = (...texts: string[]): void => {
    for (const each of texts) pipeline.submit(Buffer.from(each));
  };
  return { pipeline, hooks, lanes, state, writer, counters, submit, news: () => told.splice(0) };
}

describe('a pipeline on its own', () => {
  test('passes on what its writer says and holds', () => {
    const { pipeline, hooks, writer, news, lanes, submit } = alone();
    Object.assign(writer, { responseBytes: 1, queuedBytes: 2, stalledFor: 3, congested: true });
    expect([pipeline.responseBytes, pipeline.queuedBytes, pipeline.stalledFor]).toEqual([1, 2, 3]);
    hooks.onBehind(true);
    hooks.onBehind(false);
    hooks.onCut();
    hooks.onBytes(5);
    hooks.onFinished();
    expect(news()).toEqual([
      'subscriber.behind {"connectionId":3}',
      'subscriber.caught-up {"connectionId":3}',
      'subscriber.cut {"connectionId":3}',
      'cut',
      '5 bytes',
      'finished',
    ]);
    submit('a');
    expect(lanes[0].texts).toEqual([]);
    writer.congested = false;
    hooks.onResponsesDrained();
    expect(lanes[0].texts).toEqual(['a']);
  });

  test('counts commands that ran past their deadline apart from others that failed', () => {
    const { lanes, writer, news, submit, counters } = alone();
    submit('a', 'b', 'c');
    lanes[0].jobs.shift()?.answered(true);
    lanes[0].jobs.shift()?.failed(new IpcError('COMMAND_TIMEOUT'));
    lanes[0].jobs.shift()?.failed(new IpcError('COMMAND_OUTCOME_UNKNOWN'));
    expect(news()).toEqual(['3 timed out', 'progress', '3 timed out', 'progress', '3 failed', 'progress']);
    expect(writer.responses.map((one) => /"code":"(\w+)"/.exec(one)?.[1])).toEqual([
      'COMMAND_TIMEOUT',
      'COMMAND_OUTCOME_UNKNOWN',
    ]);
    expect(counters).toMatchObject({ received: 3, answered: 3 });
  });

  test('subscribes and unsubscribes its writer, with the answers that the original gives', () => {
    const { lanes, news, submit } = alone();
    submit('a', 'b');
    lanes[0].jobs.shift()?.subscribe('{"kind":"AllEvents"}');
    lanes[0].jobs.shift()?.unsubscribe();
    expect(news()).toEqual([
      'subscribe {"kind":"AllEvents"} {"Success":{"message":"Subscribed to events"}}',
      'progress',
      'unsubscribe {"Success":{"message":"Unsubscribed from events"}}',
      'progress',
    ]);
  });

  test('answers with the reason when no lane will take a command', () => {
    const { pipeline, state, writer, news, submit, counters } = alone();
    Object.assign(state, { pick: undefined, down: new IpcError('SHUTTING_DOWN') });
    submit('aa', 'b');
    expect(writer.responses.map((one) => one.includes('SHUTTING_DOWN'))).toEqual([true, true]);
    expect(news()).toEqual(['3 failed', 'progress', '3 failed', 'progress']);
    expect([pipeline.length, pipeline.bytes, counters.answered]).toEqual([0, 0, 2]);
  });

  test('answers with the reason what waits, and gives other lanes what is for them', () => {
    const { pipeline, lanes, state, writer, submit } = alone();
    state.pick = undefined;
    submit('a', 'b', '2', 'c');
    expect(writer.responses).toEqual([]);
    state.down = new IpcError('SHUTTING_DOWN');
    pipeline.pump();
    expect([writer.responses.length, lanes[1].texts]).toEqual([2, ['2']]);
    lanes[1].answer();
    expect([writer.responses.length, pipeline.length]).toEqual([4, 0]);
  });

  test('refuses nothing while a command before it is in its lane', () => {
    const { pipeline, lanes, state, writer, submit } = alone();
    lanes[0].capacity = 1;
    submit('a', 'b');
    state.down = new IpcError('SHUTTING_DOWN');
    pipeline.pump();
    expect(writer.responses).toEqual([]);
    state.pick = undefined;
    lanes[0].answer('answered');
    expect([writer.responses[0], writer.responses.length]).toEqual(['answered', 2]);
  });

  test('waits for a lane only if capacity is all that it lacks', () => {
    const { pipeline, lanes, writer, news, submit } = alone();
    lanes[0].capacity = 1;
    submit('a', 'b');
    expect(news()).toEqual(['waits']);
    submit('c');
    expect(news()).toEqual(['waits']);
    writer.congested = true;
    submit('d');
    pipeline.pump();
    expect(news()).toEqual([]);
    writer.congested = false;
    pipeline.yieldCapacity();
    submit('e');
    pipeline.pump();
    expect(news()).toEqual([]);
  });

  test('takes commands back when it is asked to, and tries again', () => {
    const { pipeline, lanes, news, submit } = alone();
    submit('a', 'b');
    lanes[0].begun = 1;
    lanes[0].capacity = 1;
    pipeline.recall();
    expect([lanes[0].texts, pipeline.length, news()]).toEqual([['a'], 2, ['waits']]);
    pipeline.recall();
    expect(news()).toEqual([]);
    lanes[0].capacity = 2;
    pipeline.pump();
    pipeline.recall();
    expect(lanes[0].texts).toEqual(['a', 'b']);
  });

  test('takes nothing back while its responses are within their bound', () => {
    const { pipeline, lanes, submit } = alone();
    submit('a', 'b');
    let recalls = 0;
    lanes[0].recall = () => {
      recalls += 1;
      return false;
    };
    pipeline.respond(encodeFrame('answer'));
    expect(recalls).toBe(0);
  });

  test('that is abandoned sends its farewell last, begins nothing, and reports nothing', () => {
    const { pipeline, lanes, writer, news, submit } = alone();
    lanes[0].capacity = 2;
    submit('aa', 'bb', 'cc');
    lanes[0].begun = 1;
    news();
    pipeline.abandon(encodeFrame('farewell'));
    expect([writer.responses, writer.finished]).toEqual([['farewell'], true]);
    expect([pipeline.length, pipeline.bytes, lanes[0].texts]).toEqual([1, 2, ['aa']]);
    pipeline.pump();
    expect(lanes[0].texts).toEqual(['aa']);
    lanes[0].answer('too late');
    expect([writer.responses, news()]).toEqual([['farewell'], []]);
  });

  test('that is closed is forgotten, sends nothing, and subscribes to nothing', () => {
    const { pipeline, lanes, writer, news, submit } = alone();
    submit('a', 'b', 'c');
    lanes[0].begun = 3;
    pipeline.close();
    expect([news(), writer.destroyed]).toEqual([['forgotten', 'removed'], true]);
    lanes[0].jobs.shift()?.subscribe('{}');
    lanes[0].jobs.shift()?.unsubscribe();
    lanes[0].answer();
    expect([news(), writer.responses, pipeline.length, pipeline.bytes]).toEqual([[], [], 0, 0]);
  });

  test('reports what fails in its close', () => {
    const { pipeline, writer, news } = alone();
    writer.destroy = () => {
      throw new TypeError('broken');
    };
    pipeline.close();
    expect(news()).toEqual(['forgotten', 'removed', 'fault broken']);
  });

  test('finishes once every command is answered, with its farewell if it has one', () => {
    for (const farewell of [undefined, encodeFrame('farewell')]) {
      const { pipeline, lanes, writer, news, submit } = alone();
      submit('a', 'b');
      pipeline.finish(farewell);
      lanes[0].answer('one');
      expect([writer.finished, news()]).toEqual([false, ['progress', 'progress']]);
      lanes[0].answer('two');
      expect(writer.finished).toBe(true);
      expect(writer.responses).toEqual(['one', 'two', ...(farewell ? ['farewell'] : [])]);
      expect(news()).toEqual([]);
    }
  });
});
