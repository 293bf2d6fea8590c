// Deadlines: when a request is late, and that what has arrived is read first.
import { IpcError } from 'bunctl-ipc/client';
import { describe, expect, test } from 'vitest';
import { FrameUnderWay } from '#dist/client/frame-under-way.js';
import { Requests } from '#dist/client/requests.js';
import { FakeClock } from '../support/fake-clock.js';
import { frame } from '../support/raw-client.js';
import { ALL, Script, success } from './script.js';

/** Asks, and gives what became of it. */
function ask(requests: Requests, timeout: number): { state: string } {
  const asked = { state: 'pending' };
  requests.ask({ timeout }).then(
    () => (asked.state = 'answered'),
    (error: unknown) => (asked.state = (error as IpcError).code),
  );
  return asked;
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LATE = 'REQUEST_TIMEOUT';

describe('the time of a request', () => {
  test('counts from its turn: pipelined requests that each take less are not late', async () => {
    const clock = new FakeClock();
    const requests = new Requests(clock);
    const asked = Array.from({ length: 8 }, () => ask(requests, 500));
    for (let answered = 0; answered < 8; answered += 1) {
      clock.advance(300);
      expect(requests.answer(success('done'), 10)).toBe(true);
    }
    await turn();
    expect(asked.map(({ state }) => state)).toEqual(Array(8).fill('answered'));
    expect(clock.pending).toBeLessThanOrEqual(1);
  });

  test('ends for all at once when the daemon answers nothing', async () => {
    const clock = new FakeClock();
    const requests = new Requests(clock);
    const asked = [ask(requests, 500), ask(requests, 500), ask(requests, 100)];
    clock.advance(499);
    await turn();
    expect(asked.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    clock.advance(1);
    await turn();
    expect(asked.map(({ state }) => state)).toEqual([LATE, LATE, LATE]);
    expect(requests.awaited).toBe(false);
  });

  test('does not wait for a request without a limit, nor for one that was given up', async () => {
    const clock = new FakeClock();
    const requests = new Requests(clock);
    const controller = new AbortController();
    const endless = ask(requests, 0);
    requests.ask({ timeout: 10_000, signal: controller.signal }).catch(() => undefined);
    const short = ask(requests, 100);
    clock.advance(100);
    await turn();
    expect(short.state).toBe('pending');
    controller.abort();
    clock.advance(10_000);
    await turn();
    expect([endless.state, short.state]).toEqual(['pending', LATE]);
  });

  test('is short for a request that follows a long one that was answered', async () => {
    const clock = new FakeClock();
    const requests = new Requests(clock);
    ask(requests, 30_000);
    requests.answer(success('done'), 10);
    const short = ask(requests, 20);
    clock.advance(20);
    await turn();
    expect(short.state).toBe(LATE);
  });
});

describe('a late request whose answer is coming in', () => {
  /** A frame whose parts come when the test says. */
  function growing() {
    const decoder = { midFrame: false, buffered: 0 };
    const frame = new FrameUnderWay(decoder);
    const clock = new FakeClock();
    const requests = new Requests(clock, undefined, () => frame.grows());
    const asked = ask(requests, 500);
    return { decoder, frame, clock, asked, requests };
  }

  test('is not late while the frame grows, and is late when it does not', async () => {
    const { decoder, clock, asked } = growing();
    for (const buffered of [10, 20, 30]) {
      Object.assign(decoder, { midFrame: true, buffered });
      clock.advance(500);
      await turn();
      expect(asked.state).toBe('pending');
    }
    clock.advance(500);
    await turn();
    expect(asked.state).toBe(LATE);
    expect(clock.pending).toBe(0);
  });

  test('is late when the frame that came was an event, though another one is under way', async () => {
    const { decoder, frame, clock, asked, requests } = growing();
    const second = ask(requests, 500);
    Object.assign(decoder, { midFrame: true, buffered: 10 });
    clock.advance(500);
    frame.ended();
    Object.assign(decoder, { midFrame: true, buffered: 20 });
    clock.advance(500);
    await turn();
    expect([asked.state, second.state]).toEqual([LATE, LATE]);
  });
});

describe('after the loop was late, what has arrived is read before a deadline is judged', () => {
  /** Puts the bytes into the kernel and keeps the loop busy past the deadline. */
  async function answerAndBlock(script: Script, message: unknown): Promise<void> {
    const socket = await script.socket;
    socket.write(frame(JSON.stringify(message)));
    for (const end = performance.now() + 300; performance.now() < end;);
  }

  test('of request()', async () => {
    const script = new Script();
    const client = await script.connect();
    const answer = client.request('List', { timeout: 200 });
    await script.socket;
    await answerAndBlock(script, success('in time'));
    expect(await answer).toEqual(success('in time'));
  });

  test('of request(), an answer that the socket does not hold whole', async () => {
    const script = new Script();
    const client = await script.connect();
    const answer = client.request('List', { timeout: 200 });
    const large = success('x'.repeat(5_000_000));
    await script.got(1);
    await answerAndBlock(script, large);
    expect(await answer).toEqual(large);
  });

  test('of recv()', async () => {
    const script = new Script();
    const client = await script.connect({ requestTimeout: 200 });
    await client.send('List');
    await script.socket;
    const answer = client.recv();
    await answerAndBlock(script, success('in time'));
    expect(await answer).toEqual(success('in time'));
  });

  test('of heartbeats', async () => {
    const script = new Script();
    const client = await script.connect({ heartbeatTimeout: 200 });
    const subscription = client.subscribe(ALL);
    await script.send(success('Subscribed to events'));
    await subscription.ready;
    await answerAndBlock(script, { Event: { event_type: 'heartbeat', data: {} } });
    await turn();
    await turn();
    expect(client.closed).toBe(false);
    expect((await client.whenClosed).code).toBe('HEARTBEAT_MISSED');
  });
});
