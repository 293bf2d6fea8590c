// Answers on the keeper's socket: each frame is a request, and each gets one answer, in order.
import { createServer, type Server, type Socket } from 'node:net';
import { FrameDecoder, MAX_MESSAGE_SIZE } from '../../protocol/frames.js';
import { encodeJsonFrame, parseJson } from '../../protocol/json.js';

/** Bytes that a connection may have unread; beyond it the connection counts as behind. */
const HIGH_WATER = 4 * 1024 * 1024;

/** One connection, as the keeper sees it. */
export interface Peer {
  /** Whether it has read nearly all that it was sent. */
  readonly ready: () => boolean;
  readonly sendEvent: (type: string, data: unknown) => void;
}

export interface ServerHooks {
  /** The message of the `Success`; what is thrown becomes the `Error`. */
  onRequest(request: Readonly<Record<string, unknown>>, peer: Peer): string | Promise<string>;
  onEnd(peer: Peer): void;
}

/** Listens on a path. @throws The error of listen(2). */
export async function serve(path: string, hooks: ServerHooks): Promise<Server> {
  const server = createServer((socket) => attend(socket, hooks));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

function attend(socket: Socket, hooks: ServerHooks): void {
  const decoder = new FrameDecoder(MAX_MESSAGE_SIZE);
  const send = (value: unknown): void => {
    if (socket.writable) socket.write(encodeJsonFrame(value));
  };
  const peer: Peer = {
    ready: () => socket.writable && socket.writableLength < HIGH_WATER,
    sendEvent: (type, data) => send({ Event: { event_type: type, data } }),
  };
  const answer = async (payload: Uint8Array): Promise<void> => {
    try {
      const request = parseJson(payload);
      const asked = typeof request === 'string' ? { [request]: {} } : request;
      send({ Success: { message: await hooks.onRequest(asked as Readonly<Record<string, unknown>>, peer) } });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      send({ Error: { message, code: code ?? 'FAILED' } });
    }
  };
  let answered = Promise.resolve();
  socket.on('data', (chunk) => {
    try {
      decoder.push(chunk);
      for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
        const asked = payload;
        answered = answered.then(() => answer(asked));
      }
    } catch {
      // Not frames of ours.
      socket.destroy();
    }
  });
  socket.on('error', () => undefined);
  socket.once('close', () => hooks.onEnd(peer));
}
