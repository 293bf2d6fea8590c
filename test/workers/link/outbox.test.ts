// Answers, events and log lines that are sent to main are bounded.
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ANSWER } from '#dist/workers/link/answers.js';
import { SharedState } from '#dist/workers/link/claims.js';
import { newsOf, type ThreadMessage } from '#dist/workers/link/messages.js';
import { messageBytes, Outbox } from '#dist/workers/link/outbox.js';

describe('the outbox of a thread', () => {
  function make() {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const shared = new SharedState();
    const outbox = new Outbox(port1, shared);
    const receive = () => {
      const received = receiveMessageOnPort(port2);
      return received && newsOf(received.message as ThreadMessage);
    };
    return { shared, outbox, receive };
  }
  const MIB = 1024 * 1024;

  test('says stop while main has 4 MiB to take in, and asks for a notice when main has taken them in', () => {
    const { shared, outbox, receive } = make();
    const text = 'x'.repeat(2 * MIB - 4);
    const send = (): boolean => {
      outbox.answers.add(0, 1, ANSWER.RESPONSE, text, text.length);
      return outbox.flush();
    };
    expect(send()).toBe(true);
    expect(shared.taken(0)).toBe(false);
    expect(send()).toBe(false);
    const first = receive() ?? {};
    // Both sides count the same bytes, or the window would shrink or grow with every answer.
    expect(messageBytes(first)).toBe(2 * MIB);
    expect(shared.taken(messageBytes(first))).toBe(true);
    expect(outbox.flush()).toBe(true);
    expect(send()).toBe(false);
  });

  test('events count too', () => {
    const { outbox, receive } = make();
    const text = 'x'.repeat(100);
    outbox.event({ eventType: 'e', appName: null, text, size: text.length });
    outbox.flush();
    expect(messageBytes(receive() ?? {})).toBe(104);
  });

  test('a log line is sent at once, so that it is not lost with the thread', () => {
    const { outbox, receive } = make();
    outbox.log('a line');
    expect(receive()).toEqual({ log: 'a line' });
  });

  test('log lines are lost while main has 256 KiB to take in; their number is reported afterwards', () => {
    const { shared, outbox, receive } = make();
    const line = 'x'.repeat(1024);
    for (let n = 0; n < 300; n += 1) outbox.log(line);
    for (let n = 0; n < 256; n += 1) expect(receive()).toEqual({ log: line });
    expect(receive()).toBeUndefined();
    outbox.flush();
    expect(receive()).toBeUndefined();
    // The thread has asked to be told, and flushes when it is.
    expect(shared.taken(0, 256 * 1024)).toBe(true);
    outbox.flush();
    expect(receive()).toEqual({ linesLost: 44 });
    outbox.log(line);
    expect([receive(), receive()]).toEqual([{ log: line }, undefined]);
  });

  test('the line after lost lines follows their number', () => {
    const { shared, outbox, receive } = make();
    for (let n = 0; n < 257; n += 1) outbox.log('x'.repeat(1024));
    shared.taken(0, 256 * 1024);
    outbox.log('next');
    for (let n = 0; n < 256; n += 1) receive();
    expect([receive(), receive()]).toEqual([{ linesLost: 1 }, { log: 'next' }]);
  });
});
