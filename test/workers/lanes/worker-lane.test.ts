// A lane from main's side, with a worker that the test plays: what is sent, what is taken back, and what becomes of it.
import { describe, expect, test } from 'vitest';
import type { IpcError } from 'bunctl-ipc/protocol';
import type { Job, Origin } from '#dist/ports.js';
import type { LaneLink, LaneLinkHooks } from '#dist/workers/lanes/lane-link.js';
import { WorkerLane } from '#dist/workers/lanes/worker-lane.js';
import { ANSWER, type AnswerKind, AnswerPacker } from '#dist/workers/link/answers.js';
import { type BatchEntry, unpackBatch } from '#dist/workers/link/batch.js';
import { SharedState, SLOTS } from '#dist/workers/link/claims.js';

const microtask = () => Promise.resolve();
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A lane that is ready, unless `started` is false; `batches` are those its worker was sent. */
function make({ takesBack = true, started = true, shared = new SharedState() } = {}) {
  const told: string[] = [];
  const batches: BatchEntry[][] = [];
  let worker: LaneLinkHooks | undefined;
  const link: LaneLink & { killedBecause: string | undefined } = {
    gone: Promise.resolve(),
    killedBecause: undefined,
    takesBack,
    send: (batch) => void batches.push(unpackBatch(batch)),
    call: (name, args) => void told.push(`call ${name}(${args.join()})`),
    connectService: (service) => void told.push(`service ${service as string}`),
    close: () => void told.push('close'),
    kill: (because) => {
      link.killedBecause = because;
      told.push('kill');
    },
    utilization: () => 0.25,
  };
  const lane = new WorkerLane(
    7,
    {
      commandTimeout: 1000,
      unresponsiveAfter: 5000,
      shared,
      link: (hooks) => {
        worker = hooks;
        return link;
      },
    },
    {
      onReady: () => void told.push('ready'),
      onCapacity: () => void told.push('capacity'),
      onLate: (late) => void told.push(late ? 'late' : 'in time'),
      onEnd: (error) => void told.push(`end ${error?.message ?? 'without an error'}`),
    },
  );
  if (worker === undefined) throw new Error('the lane has started no worker');
  const hooks = worker;
  if (started) hooks.onReady();
  told.length = 0;
  return {
    lane,
    link,
    shared,
    batches,
    worker: hooks,
    texts: () => batches.map((batch) => batch.map(({ payload }) => Buffer.from(payload).toString()).join('')),
    news: () => told.splice(0),
    /** The worker takes in the batch that came first. */
    takeIn: () => {
      if (shared.tookBatch()) hooks.onBatchTaken();
    },
    begin: (job: Job) => shared.claim(job.slot, job.sequence),
    answer: (job: Job, kind: AnswerKind = ANSWER.RESPONSE) => {
      const packer = new AnswerPacker();
      packer.add(job.slot, job.sequence, kind, '"ok"', 4);
      hooks.onAnswers(packer.pack() as ArrayBuffer);
    },
  };
}

/** A client whose commands a lane may take back when asked. */
function client(onRecall: () => void = () => undefined) {
  const told: string[] = [];
  const origin: Origin = {
    connectionId: 1,
    respond: (frames) => void told.push(`answer ${Buffer.from(frames.subarray(4)).toString()}`),
    recall: () => {
      told.push('recall');
      onRecall();
    },
    yieldCapacity: () => undefined,
  };
  const job = (text: string): Job => ({
    origin,
    payload: Buffer.from(text),
    slot: -1,
    sequence: -1,
    answered: () => void told.push('answered'),
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    failed: (error: IpcError) => void told.push(`${error.code}: ${error.message}`),
  });
  return { job, news: () => told.splice(0) };
}

describe('a lane', () => {
  test('takes commands from the moment its worker is ready', () => {
    const { lane, worker, news } = make({ started: false });
    const { job } = client();
    expect([lane.id, lane.state, lane.load, lane.working, lane.offer(job('a'))]).toEqual([
      7,
      'starting',
      0,
      false,
      false,
    ]);
    worker.onReady();
    worker.onReady();
    expect([lane.state, lane.offer(job('a')), lane.load, lane.working, news()]).toEqual([
      'ready',
      true,
      1,
      true,
      ['ready'],
    ]);
  });

  test('passes its worker’s news and calls on', async () => {
    const { lane, link, worker, news } = make();
    expect([lane.loopDelay, lane.utilization()]).toEqual([undefined, 0.25]);
    const delay = { p50: 1, p99: 2, max: 3 } as never;
    worker.onLoopDelay(delay);
    expect([lane.loopDelay, lane.gone]).toEqual([delay, link.gone]);
    lane.connectService('there is none');
    lane.kill('it is in the way');
    expect([link.killedBecause, news()]).toEqual(['it is in the way', ['service there is none', 'kill']]);
  });

  test('sends a lone command at once, and what comes together in one batch', async () => {
    const { lane, texts, takeIn, begin, answer } = make();
    const { job } = client();
    const [alone, second, third] = [job('a'), job('b'), job('c')];
    lane.offer(alone);
    expect(texts()).toEqual([]);
    await microtask();
    expect(texts()).toEqual(['a']);
    takeIn();
    lane.offer(second);
    await microtask();
    expect(texts()).toEqual(['a']);
    lane.offer(third);
    await turn();
    expect(texts()).toEqual(['a', 'bc']);
    takeIn();
    for (const each of [alone, second, third]) {
      begin(each);
      answer(each);
    }
    // The last batch was not a single command, so the next one waits for others that come with it.
    lane.offer(job('d'));
    await microtask();
    expect(texts()).toEqual(['a', 'bc']);
    await turn();
    expect(texts()).toEqual(['a', 'bc', 'd']);
  });

  test('sends each lone command at once, however many follow one another', async () => {
    const { lane, texts, takeIn, begin, answer } = make();
    for (const [at, text] of ['a', 'b', 'c'].entries()) {
      const one = client().job(text);
      lane.offer(one);
      await microtask();
      expect(texts()).toHaveLength(at + 1);
      takeIn();
      begin(one);
      answer(one);
    }
  });

  test('sends slot, sequence, connection and payload, and no empty batch', async () => {
    const { lane, batches, shared } = make();
    const one = client().job('a');
    lane.offer(one);
    await microtask();
    expect(batches).toEqual([
      [{ slot: one.slot, sequence: one.sequence, connectionId: 1, payload: new Uint8Array([97]) }],
    ]);
    expect(shared.claim(one.slot, one.sequence)).toBe(true);
    const back = client().job('b');
    lane.offer(back);
    lane.recall(back);
    await turn();
    expect(batches).toHaveLength(1);
  });

  test('has at most two batches that its worker has not taken in; the rest collect', async () => {
    const { lane, texts, takeIn, shared } = make();
    const { job } = client();
    for (const text of ['a', 'b', 'c', 'd']) {
      lane.offer(job(text));
      await turn();
    }
    expect([texts(), shared.batchesUnderWay(2)]).toEqual([['a', 'b'], 2]);
    takeIn();
    await turn();
    expect(texts()).toEqual(['a', 'b', 'cd']);
    takeIn();
    await turn();
    expect(texts()).toHaveLength(3);
  });

  test('asks its worker for a notice only if it has as many batches as it may', async () => {
    const { lane, shared } = make();
    const { job } = client();
    lane.offer(job('a'));
    await turn();
    lane.offer(job('b'));
    expect(shared.tookBatch()).toBe(false);
  });

  test('goes on at once if its worker takes a batch in while it asks for the notice', async () => {
    class Quick extends SharedState {
      override awaitBatch(): void {
        this.tookBatch();
      }
    }
    const { lane, texts } = make({ shared: new Quick() });
    const { job } = client();
    for (const text of ['a', 'b', 'c']) {
      lane.offer(job(text));
      await turn();
    }
    expect(texts()).toEqual(['a', 'b', 'c']);
  });

  test('moves a large payload into shared memory', () => {
    const { lane } = make();
    const large = client().job('x'.repeat(100_000));
    lane.offer(large);
    expect(large.payload.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('gives answers to their commands, and says that it has capacity', async () => {
    const { lane, begin, answer, news } = make();
    const { job, news: heard } = client();
    const one = job('a');
    lane.offer(one);
    await microtask();
    begin(one);
    answer(one);
    expect([heard(), news(), lane.load, lane.working]).toEqual([
      ['answer "ok"', 'answered'],
      ['capacity'],
      0,
      false,
    ]);
  });

  test('refuses a command when its slots are taken, and says when one is taken back', async () => {
    const { lane, news } = make();
    const { job } = client();
    const jobs = Array.from({ length: SLOTS }, () => job('a'));
    for (const each of jobs) expect(lane.offer(each)).toBe(true);
    expect(lane.offer(job('b'))).toBe(false);
    expect(lane.recall(jobs[5] as Job)).toBe(true);
    await microtask();
    expect(news()).toEqual(['capacity']);
    lane.recall(jobs[6] as Job);
    await microtask();
    expect(news()).toEqual([]);
  });
});

describe('a command', () => {
  test('is taken back before and after it is sent, and not once it has begun', async () => {
    const { lane, texts, begin } = make();
    const { job } = client();
    const [collected, sent, begun] = [job('a'), job('b'), job('c')];
    lane.offer(collected);
    expect(lane.recall(collected)).toBe(true);
    lane.offer(sent);
    lane.offer(begun);
    await turn();
    expect(texts()).toEqual(['bc']);
    expect([lane.recall(sent), lane.load]).toEqual([true, 1]);
    begin(begun);
    expect([lane.recall(begun), lane.load]).toEqual([false, 1]);
  });

  test('is taken back only before it is sent when it is sent for good', async () => {
    const { lane, worker } = make({ takesBack: false });
    const recalled: boolean[] = [];
    const { job } = client(() => void recalled.push(lane.recall(sent)));
    const [collected, sent] = [job('a'), job('b')];
    lane.offer(collected);
    expect(lane.recall(collected)).toBe(true);
    lane.offer(sent);
    await turn();
    expect([lane.recall(sent), lane.load]).toEqual([false, 1]);
    // What a worker has not begun can be taken back when it has died.
    worker.onEnd(undefined);
    expect([recalled, lane.load]).toEqual([[true], 0]);
  });

  test('waits when 16 of its connection are sent for good; those of others do not', async () => {
    const { lane, texts, takeIn, begin, answer } = make({ takesBack: false });
    const [many, few] = [client(), client()];
    const jobs = Array.from({ length: 18 }, (_, n) => many.job(String.fromCharCode(97 + n)));
    for (const each of jobs) lane.offer(each);
    const other = few.job('Z');
    lane.offer(other);
    await turn();
    expect(texts()).toEqual(['abcdefghijklmnopZ']);
    takeIn();
    begin(other);
    answer(other);
    await turn();
    expect(texts()).toHaveLength(1);
    begin(jobs[0] as Job);
    answer(jobs[0] as Job);
    await turn();
    expect(texts()).toEqual(['abcdefghijklmnopZ', 'q']);
    begin(jobs[1] as Job);
    answer(jobs[1] as Job);
    await turn();
    expect(texts()).toEqual(['abcdefghijklmnopZ', 'q', 'r']);
  });

  test('is not bound to 16 of its connection when main can take it back', async () => {
    const { lane, texts } = make();
    const { job } = client();
    for (let n = 0; n < 20; n += 1) lane.offer(job('a'));
    await turn();
    expect(texts()).toEqual(['a'.repeat(20)]);
  });
});

describe('a lane that is to end', () => {
  test('ends at once without commands', () => {
    const { lane, worker, news } = make();
    lane.end();
    expect([lane.state, news()]).toEqual(['ending', ['close']]);
    worker.onReady();
    expect(lane.state).toBe('ending');
    worker.onEnd(undefined);
    lane.end();
    expect([lane.state, news()]).toEqual(['dead', ['end without an error']]);
  });

  test('stops taking commands, and ends with the last answer', async () => {
    const { lane, begin, answer, news } = make();
    const { job } = client();
    const [one, two] = [job('a'), job('b')];
    lane.offer(one);
    lane.offer(two);
    await turn();
    lane.end();
    expect([lane.offer(job('c')), news()]).toEqual([false, []]);
    begin(one);
    answer(one);
    expect(news()).toEqual(['capacity']);
    begin(two);
    answer(two);
    expect(news()).toEqual(['close', 'capacity']);
  });

  test('is watched like one that is ready', () => {
    const { lane, news } = make();
    lane.offer(client().job('a'));
    lane.end();
    lane.watch(50);
    expect(news()).toEqual(['call beat()']);
    lane.watch(100);
    expect([lane.state, news()]).toEqual(['ending', ['late']]);
  });
});

describe('a lane whose loop does not turn', () => {
  test('is asked for a beat while it has commands, and not before', () => {
    const { lane, news } = make();
    lane.watch(1000);
    expect([news(), lane.working]).toEqual([[], false]);
    lane.offer(client().job('a'));
    lane.watch(50);
    expect([news(), lane.state]).toEqual([['call beat()'], 'ready']);
  });

  test('is not watched before its worker is ready, nor after its end', () => {
    for (const end of [false, true]) {
      const { lane, worker, news } = make({ started: false });
      if (end) {
        worker.onReady();
        lane.offer(client().job('a'));
        worker.onEnd(undefined);
        news();
      }
      for (let n = 0; n < 10; n += 1) lane.watch(1000);
      expect([news(), lane.working]).toEqual([[], false]);
    }
  });

  test('is late: it takes nothing, what it has not begun goes elsewhere, and once it turns it has capacity', () => {
    const { lane, shared, news } = make();
    const { job, news: heard } = client();
    lane.offer(job('a'));
    lane.watch(50);
    lane.watch(99);
    news();
    expect([lane.state, lane.offer(job('b')), heard()]).toEqual(['late', false, ['recall']]);
    lane.watch(10);
    expect([news(), heard()]).toEqual([[], ['recall']]);
    shared.beat();
    lane.watch(10);
    expect([lane.state, news(), heard()]).toEqual(['ready', ['in time', 'capacity'], []]);
    shared.beat();
    lane.watch(10);
    expect(news()).toEqual([]);
  });

  test('says once that it is late', () => {
    const { lane, news } = make();
    lane.offer(client().job('a'));
    lane.watch(50);
    expect(news()).toEqual(['call beat()']);
    lane.watch(100);
    lane.watch(100);
    expect(news()).toEqual(['late']);
  });

  test('is watched further when it was asked and has lost its commands', () => {
    const { lane } = make();
    const one = client().job('a');
    lane.offer(one);
    lane.watch(50);
    lane.recall(one);
    expect([lane.load, lane.working]).toEqual([0, true]);
  });

  test('loses the commands that it has begun when their time is over', async () => {
    const { lane, begin } = make();
    const { job, news } = client();
    const [begun, other] = [job('a'), job('b')];
    lane.offer(begun);
    lane.offer(other);
    await turn();
    begin(begun);
    // The beat of the command that began.
    lane.watch(1);
    lane.watch(50);
    lane.watch(949);
    expect([news(), lane.load]).toEqual([['recall'], 2]);
    lane.watch(1);
    expect(news()).toEqual([
      'recall',
      'COMMAND_TIMEOUT: The command did not finish within 1000 ms; it may still take effect',
    ]);
    expect(lane.load).toBe(1);
  });

  test('keeps the commands that it has begun if it turns while main judges it', async () => {
    const { lane, begin } = make();
    const { job, news } = client(() => void begin(other));
    const [begun, other] = [job('a'), job('b')];
    lane.offer(begun);
    lane.offer(other);
    await turn();
    begin(begun);
    lane.watch(1);
    lane.watch(50);
    lane.watch(1000);
    expect([news(), lane.load]).toEqual([['recall'], 2]);
  });

  test('is killed when it has not turned for too long', () => {
    const { lane, link, news } = make();
    const { job, news: heard } = client();
    lane.offer(job('a'));
    lane.watch(1);
    news();
    lane.watch(5000);
    expect([news(), heard()]).toEqual([['kill'], []]);
    expect(link.killedBecause).toBe('the worker running it did not respond and was replaced');
  });
});

describe('a lane that has died', () => {
  test('gives back what it has not begun, and says of the rest that the outcome is unknown', async () => {
    const { lane, worker, begin, batches, news } = make();
    const { job, news: heard } = client(() => void lane.recall(waiting));
    const [begun, waiting] = [job('a'), job('b')];
    lane.offer(begun);
    await turn();
    begin(begun);
    lane.offer(waiting);
    worker.onEnd(new Error('out of memory'));
    expect([lane.state, lane.load, lane.working, news()]).toEqual(['dead', 0, false, ['end out of memory']]);
    expect(heard()).toEqual([
      'recall',
      'COMMAND_OUTCOME_UNKNOWN: The outcome of the command is unknown: the worker running it died',
    ]);
    await turn();
    expect(batches).toHaveLength(1);
  });

  test('tells why it was killed', async () => {
    const { lane, worker, begin } = make();
    const { job, news } = client();
    const begun = job('a');
    lane.offer(begun);
    await turn();
    begin(begun);
    lane.kill('it is in the way');
    worker.onEnd(undefined);
    expect(news().at(-1)).toContain('unknown: it is in the way');
  });
});
