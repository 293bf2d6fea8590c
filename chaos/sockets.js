// Clients that know bytes only.
import { once } from 'node:events';
import { connect } from 'node:net';

export function frame(message) {
  const payload = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(4);
  header.writeUInt32LE(payload.length);
  return Buffer.concat([header, payload]);
}

export const LIST = frame('List');
export const SUBSCRIBE = frame({ Subscribe: { subscription: { AllEvents: { app_name: null } } } });

/** Opens a connection; undefined if it is refused. */
export async function open(path) {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

/** Every frame up to the end of the stream, or to this number of frames; what came until then if it takes longer, in ms. */
export async function framesOf(socket, count = Infinity, deadline = 20_000) {
  const frames = [];
  let rest = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), deadline);
  try {
    await new Promise((resolve) => {
      for (const event of ['end', 'close']) socket.once(event, resolve);
      socket.on('data', (chunk) => {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE(0)) {
          frames.push(JSON.parse(rest.toString('utf8', 4, 4 + rest.readUInt32LE(0))));
          rest = rest.subarray(4 + rest.readUInt32LE(0));
        }
        if (frames.length >= count) resolve();
      });
    });
  } finally {
    clearTimeout(timer);
  }
  return frames;
}
