// A connection, driven with the test's own clock, socket, writer and lanes.
import { encodeFrame, FrameDecoder, IpcError } from 'bunctl-ipc/protocol';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connected, send } from './support.js';

describe('a connection', () => {
  test('stops reading at its bound of commands, and goes on as they are answered', () => {
    const { socket, lanes, writer, state } = connected();
    send(socket, 'a', 'b', 'c', 'd', 'e', 'f');
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['abcd', true]);
    lanes[0].answer();
    expect([lanes[0].texts.join(''), socket.paused]).toEqual(['bcde', true]);
    for (let n = 0; n < 5; n += 1) lanes[0].answer();
    expect([writer.responses.length, socket.paused, state.bytes]).toEqual([6, false, 0]);
  });

  test('stops reading at its bound of request bytes, even for few commands', () => {
    const MIB = 1024 * 1024;
    const { socket, lanes, pipeline } = connected({ maxMessageSize: MIB, maxInFlight: 1000 });
    const large = encodeFrame(Buffer.alloc(MIB));
    for (let n = 0; n < 2; n += 1) socket.emit('data', large);
    // One message of the largest size and a MiB beside it.
    expect([pipeline.length, socket.paused]).toEqual([2, true]);
    socket.emit('data', large);
    expect(pipeline.length).toBe(2);
    lanes[0].answer();
    expect([pipeline.length, socket.paused]).toEqual([2, true]);
    lanes[0].answer();
    expect(socket.paused).toBe(false);
  });

  test('a frame that is not complete in time is refused; silence between frames is allowed', () => {
    const { socket, clock, connection, lanes, writer } = connected();
    const silence = (): void => {
      clock.advance(100_000);
      connection.judge();
    };
    silence();
    // A frame in two parts, so that its clock has run.
    const whole = encodeFrame('"List"');
    socket.emit('data', whole.subarray(0, 6));
    socket.emit('data', whole.subarray(6));
    lanes[0].answer();
    silence();
    expect(writer.responses).toEqual(['ok']);
    socket.emit('data', encodeFrame('half').subarray(0, 6));
    clock.advance(999);
    connection.judge();
    expect(writer.responses).toEqual(['ok']);
    clock.advance(1);
    connection.judge();
    expect(writer.responses.join()).toContain('timeout');
    expect(writer.finished).toBe(true);
  });

  test('a frame whose length alone has arrived is refused in time too', () => {
    const { socket, clock, connection, writer } = connected();
    socket.emit('data', Buffer.from([9, 0, 0, 0]));
    clock.advance(1000);
    connection.judge();
    expect(writer.responses.join()).toContain('timeout');
  });

  test('each frame has its own time, even if a chunk ends one frame and begins the next', () => {
    const { socket, clock, connection, writer, lanes } = connected();
    const bytes = Buffer.concat([encodeFrame('first'), encodeFrame('second')]);
    socket.emit('data', bytes.subarray(0, 6));
    clock.advance(999);
    socket.emit('data', bytes.subarray(6, 15));
    expect(lanes[0].texts).toEqual(['first']);
    lanes[0].answer('answered');
    clock.advance(999);
    connection.judge();
    expect(writer.responses).toEqual(['answered']);
    clock.advance(1);
    connection.judge();
    expect(writer.responses.join()).toContain('timeout');
  });

  test('the clock of a frame stands still while the connection is not read', () => {
    const { socket, clock, connection, writer, lanes } = connected({ maxInFlight: 1 });
    socket.emit(
      'data',
      Buffer.concat([encodeFrame('a'), encodeFrame('b'), encodeFrame('half').subarray(0, 6)]),
    );
    expect(socket.paused).toBe(true);
    clock.advance(100_000);
    connection.judge();
    lanes[0].answer();
    lanes[0].answer();
    expect(socket.paused).toBe(false);
    clock.advance(999);
    connection.judge();
    expect(writer.finished).toBe(false);
    clock.advance(1);
    connection.judge();
    expect(writer.finished).toBe(true);
  });

  test('a length above the limit is refused after the answers to the earlier commands', () => {
    const { socket, writer, lanes } = connected();
    socket.emit('data', Buffer.concat([encodeFrame('a'), Buffer.from([1, 4, 0, 0])]));
    expect(writer.responses).toEqual([]);
    lanes[0].answer('first');
    expect(writer.responses[0]).toBe('first');
    expect(writer.responses[1]).toContain('exceeds maximum allowed size');
    expect(writer.finished).toBe(true);
  });

  test('that was refused gets no other Error when it does not read its events either', () => {
    const { socket, writer, hooks } = connected();
    socket.emit('data', Buffer.from([0xff, 0xff, 0xff, 0x7f]));
    hooks.onCut();
    expect(writer.responses.length).toBe(1);
    expect(writer.responses[0]).toContain('FRAME_TOO_LARGE');
  });

  test('whose client does not read its events is told so, and ends', () => {
    const { socket, writer, hooks } = connected();
    send(socket, 'a');
    hooks.onCut();
    expect(writer.responses.length).toBe(1);
    expect(writer.responses[0]).toContain('SUBSCRIBER_TOO_SLOW');
    expect(writer.finished).toBe(true);
  });

  test('half-closed, gets all its answers, then the end', () => {
    const { socket, writer, lanes } = connected();
    send(socket, 'a', 'b');
    socket.emit('end');
    expect(writer.finished).toBe(false);
    lanes[0].answer();
    lanes[0].answer();
    expect([writer.responses.length, writer.finished]).toEqual([2, true]);
  });

  test('that is cut holds no bytes, takes back commands that have not begun, and leaves the broker and the writer', () => {
    const { socket, state, lanes, broker, writer } = connected();
    send(socket, 'aaaa', 'bbbb');
    lanes[0].begun = 1;
    expect(state.bytes).toBe(8);
    socket.emit('close');
    expect([state.bytes, state.closed, lanes[0].texts.join('')]).toEqual([0, true, 'aaaa']);
    expect([broker.removed, writer.destroyed]).toEqual([1, true]);
  });

  test('that has ended is cut after the frame timeout if its client does not read', () => {
    const { socket, connection, writer } = connected();
    socket.emit('data', Buffer.from([255, 255, 255, 255]));
    writer.stalledFor = 1000;
    connection.judge();
    expect(socket.destroyed).toBe(true);
  });

  test('whose end was sent is cut after a second if the client does not read it', () => {
    const { socket, clock, connection, lanes, hooks } = connected({ maxInFlight: 1 });
    send(socket, 'a', 'b');
    expect(socket.paused).toBe(true);
    connection.drain();
    lanes[0].answer();
    lanes[0].answer();
    hooks.onFinished();
    expect(socket.paused).toBe(false);
    send(socket, 'c');
    expect(lanes[0].texts).toEqual([]);
    clock.advance(999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
  });

  test('a frame has its full time although the process was stopped meanwhile', () => {
    const { socket, clock, connection, writer } = connected();
    socket.emit('data', encodeFrame('half').subarray(0, 6));
    clock.advance(500);
    clock.block(60_000);
    connection.excuse(60_000);
    clock.advance(499);
    connection.judge();
    expect(writer.finished).toBe(false);
    clock.advance(1);
    connection.judge();
    expect(writer.finished).toBe(true);
  });

  describe('in which the daemon itself fails', () => {
    const INTERNAL = {
      Error: { message: expect.stringContaining('the daemon failed') as string, code: 'INTERNAL' },
    };
    const broken = (): never => {
      throw new TypeError('secret');
    };

    test('hides the cause from the client, reports it, and ends', () => {
      const { socket, lanes, writer, faults, clock } = connected();
      send(socket, 'a');
      lanes[0].offer = broken;
      send(socket, 'b');
      expect(writer.responses.map((text) => JSON.parse(text) as unknown)).toEqual([INTERNAL]);
      expect(faults).toEqual([new TypeError('secret')]);
      expect(writer.finished).toBe(true);
      // The lane's late answer is not sent behind it.
      lanes[0].answer();
      expect(writer.responses).toHaveLength(1);
      clock.advance(1000);
      expect(socket.destroyed).toBe(true);
    });

    test('also reports an IpcError that is not about the client’s message', () => {
      const { socket, lanes, writer, faults } = connected();
      lanes[0].offer = () => {
        throw new IpcError('SERVICE_UNAVAILABLE', 'secret');
      };
      send(socket, 'a');
      expect(writer.responses.join()).not.toContain('secret');
      expect(faults).toHaveLength(1);
    });

    test('does not take a fault in reading for the client’s', () => {
      const { socket, writer, faults } = connected();
      vi.spyOn(FrameDecoder.prototype, 'next').mockImplementation(broken);
      onTestFinished(() => void vi.restoreAllMocks());
      send(socket, 'a');
      expect(writer.responses.map((text) => JSON.parse(text) as unknown)).toEqual([INTERNAL]);
      expect(faults).toEqual([new TypeError('secret')]);
    });

    test('is cut when the Error cannot be sent either', () => {
      const { socket, lanes, writer, faults, state, broker } = connected();
      lanes[0].offer = broken;
      writer.respond = broken;
      send(socket, 'a');
      expect([socket.destroyed, state.closed, state.bytes, broker.removed]).toEqual([true, true, 0, 1]);
      expect(faults).toHaveLength(2);
    });

    test('takes every step of its close although one fails', () => {
      const { socket, state, broker, writer, faults } = connected();
      broker.remove = broken;
      socket.emit('close');
      expect([state.closed, writer.destroyed]).toEqual([true, true]);
      expect(faults).toEqual([new TypeError('secret')]);
    });
  });
});
